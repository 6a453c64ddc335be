#pragma once
// The event stream: every durable fact to every client that follows, in order and without a gap.
// Recent facts are kept in memory; a client that is behind them is served from the journal.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/http/server.h"
#include "lib/loop/clock.h"
#include "lib/loop/log.h"
#include "lib/loop/timer.h"
#include "lib/model/fact.h"
#include "scheduler/daemon/archive.h"

namespace musterd {

class Events {
 public:
  struct Options {
    std::size_t recent = 4096;          // facts in memory
    std::size_t queue_bytes = 1 << 20;  // that a client may leave unread before it has to wait
    base::Duration patience = std::chrono::seconds(60);  // with a client that reads nothing
    base::Duration keep_alive = std::chrono::seconds(15);
  };
  struct Query {
    model::Seq from = 0;              // the first that is wanted
    std::optional<model::JobId> job;  // facts about this job only
    bool once = false;                // ends at the present
    bool tells_gap = false;           // the client names a place: say if facts after it are gone
  };

  /// `last` is the place of the newest fact, all of them durable.
  Events(loop::Loop& loop, Archive& archive, model::Seq last, Options options,
         const loop::Log& log);

  void publish(model::Seq seq, const model::Fact& fact);
  void open(const Query& query, const http::Responder& responder);

  model::Seq last() const { return last_; }

 private:
  using FollowerId = std::uint64_t;

  struct Recent {
    model::Seq seq = 0;
    std::optional<model::JobId> job;
    model::Fact fact;
    std::string text;  // as sent; made when the first client wants it
  };
  struct Follower {
    Query query;  // query.from: the next fact to look at
    model::Seq until = 0;
    http::ResponseStream stream;
    bool is_reading = false;             // a question to the archive is under way
    std::optional<loop::Elapsed> stuck;  // since when its queue is full
  };
  /// What the archive found for one follower.
  struct Page {
    std::string text;
    model::Seq next = 0;
  };

  void pump(FollowerId id);
  bool write_recent(Follower& follower);
  void read_older(FollowerId id, const Follower& follower);
  void take_page(FollowerId id, const base::Result<Page>& page);
  static base::Result<Page> read_page(store::Reader& reader, const Query& query, model::Seq end);
  void wake_stuck();
  void keep_alive();

  loop::Loop& loop_;
  Archive& archive_;
  Options options_;
  const loop::Log& log_;
  model::Seq last_;
  std::deque<Recent> recent_;
  std::map<FollowerId, Follower> followers_;
  FollowerId last_follower_ = 0;
  loop::Timer stuck_timer_;
  loop::Timer keep_alive_timer_;
  std::shared_ptr<Events*> self_;  // for answers of the archive that come too late
};

}  // namespace musterd
