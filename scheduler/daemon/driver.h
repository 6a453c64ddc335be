#pragma once
// Drives the engine: takes the inputs of one turn of the loop, has their facts appended in one
// transaction on the writer's thread, and performs actions only when their facts are durable.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/loop/timer.h"
#include "lib/loop/work.h"
#include "lib/model/fact.h"
#include "lib/model/record.h"
#include "lib/store/journal.h"
#include "scheduler/core/engine.h"

namespace loop {
class Loop;
}

namespace musterd {

class Driver {
 public:
  struct Hooks {
    std::function<void(const scheduler::Action&)> perform;
    /// Each fact once, in order, when it is durable; after the actions that it allowed.
    std::function<void(model::Seq, const model::Fact&)> publish;
    /// Once: the journal cannot be written. Nothing is decided any more.
    std::function<void(const base::Error&)> failed;
  };

  /// `engine` has replayed the journal. The journal is written by this driver's thread only.
  Driver(loop::Loop& loop, scheduler::Engine engine, store::Journal& journal, Hooks hooks);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// Decided upon at the end of this turn of the loop. After a failure inputs are dropped.
  void submit(scheduler::Input input);
  scheduler::RequestId new_request();

  /// Runs the task when everything decided so far is durable, at once if it is.
  void when_durable(std::function<void()> task);

  const scheduler::Engine& engine() const { return engine_; }
  model::Seq durable_seq() const { return durable_seq_; }
  const std::optional<base::Error>& failure() const { return failure_; }

  /// The thread that writes the journal, for other work on it.
  loop::SerialWork& writer() { return *writer_; }
  base::Time now();
  /// From here on now() is not before this: facts of an earlier life are not in the future.
  void not_before(base::Time time) { last_now_ = std::max(last_now_, time); }

 private:
  /// What goes to the journal together.
  struct Batch {
    std::vector<model::Fact> facts;
    std::vector<model::JobRecord> ended;
    model::Seq first = 0;
    base::Result<model::Seq> written = 0;
  };

  static base::Result<model::Seq> append(const Batch& batch, store::Journal& journal);

  void turn();
  void add(std::vector<model::Fact> facts);
  void hand_out();
  void commit();
  void written(const Batch& batch);
  void arm_timer();

  scheduler::Engine engine_;
  store::Journal& journal_;
  Hooks hooks_;
  std::vector<scheduler::Input> inputs_;
  Batch pending_;
  bool is_writing_ = false;
  model::Seq durable_seq_;
  std::deque<std::pair<model::Seq, std::function<void()>>> waiting_;
  std::optional<base::Error> failure_;
  std::uint32_t last_request_ = 0;
  base::Time last_now_;
  std::optional<base::Time> armed_for_;
  loop::Timer timer_;
  std::shared_ptr<Driver*> self_;  // what the loop's hook holds; empty once this is destroyed
  std::unique_ptr<loop::SerialWork> writer_;
};

}  // namespace musterd
