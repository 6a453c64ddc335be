#pragma once
// Logs of launches, read from the nodes' agents and passed on to HTTP clients no faster than they
// read.

#include <chrono>
#include <cstddef>
#include <cstdint>
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
#include "lib/model/ids.h"
#include "lib/model/record.h"
#include "scheduler/daemon/agents.h"

namespace musterd {

/// The log of one launch on one node, or what one rank wrote there, or what is known of its ranks.
struct LogSource {
  model::NodeId node;
  std::string node_name;
  model::LaunchKey key;
  std::optional<int> rank;
  std::uint64_t offset = 0;  // in the log's file
  bool map = false;          // the map of the ranks
  bool stacks = false;       // of ranks that hung
  /// Not the log: what the launch has used so far, as JSON on one line, with what is here.
  std::optional<model::LaunchUsage> usage = {};

  bool operator==(const LogSource&) const = default;
};

class LogStreams {
 public:
  struct Options {
    std::size_t queue_bytes = 1 << 20;                   // unread by the client before a node waits
    base::Duration patience = std::chrono::seconds(60);  // with a client or a node that is away
  };

  LogStreams(loop::Loop& loop, Agents& agents, Options options, const loop::Log& log);

  /// Answers with the logs: one after the other, or with `follow` all as they grow, until the
  /// launches have ended. An error before the first byte is an HTTP error, later the body is cut
  /// short.
  void open(std::vector<LogSource> sources, bool follow, const http::Responder& responder);

 private:
  using StreamId = std::uint64_t;

  struct Part {
    LogSource source;
    std::optional<std::uint32_t> request;  // under way
    bool has_ended = false;
  };
  struct Stream {
    std::vector<Part> parts;
    bool follow = false;
    http::Responder responder;
    std::optional<http::ResponseStream> body;  // from the first byte on
    std::optional<loop::Elapsed> stuck;        // since when nothing can be done
  };

  void advance(StreamId id);
  base::Result<void> start(StreamId id, std::size_t place, Part& part, bool follow);
  void take(StreamId id, std::size_t place, const model::LogChunk& chunk);
  void lose(StreamId id, std::size_t place);
  void pause(Stream& stream);
  void fail(StreamId id, const base::Error& error);
  void remove(StreamId id);
  void look_again();
  http::ResponseStream& body_of(Stream& stream);

  loop::Loop& loop_;
  Agents& agents_;
  Options options_;
  const loop::Log& log_;
  std::map<StreamId, Stream> streams_;
  StreamId last_stream_ = 0;
  loop::Timer timer_;
  std::shared_ptr<LogStreams*> self_;
};

}  // namespace musterd
