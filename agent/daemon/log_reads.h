#pragma once
// Answers to the controller's requests for launch logs: read from their files, filtered by rank,
// followed while the launch runs, no faster than the connection takes them. Where a log has left
// out something to stay within its limit, readers get a line that says how much. What a launch has
// used so far is asked for the same way.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/daemon/launch_dirs.h"
#include "lib/model/agent_message.h"

namespace loop {
class Loop;
}  // namespace loop

namespace agentd {

struct LogReadsDoors {
  std::function<void(model::LogChunk)> send;
  std::function<bool()> may_send;                         // the connection has room
  std::function<bool(const model::LaunchKey&)> may_grow;  // the launch has not ended
};

class LogReads {
 public:
  LogReads(loop::Loop& loop, const LaunchDirs& dirs, LogReadsDoors doors);
  ~LogReads();

  void start(const model::LogRead& request);
  void cancel(std::uint32_t request);
  void cancel_all();
  /// The connection has room again.
  void resume();
  /// No more comes for this launch: its followers get the rest and the end.
  void launch_ended(const model::LaunchKey& key);

 private:
  struct Read;
  model::LogChunk usage_so_far(const model::LogRead& request) const;
  void pump(Read& read);
  void pump_later(std::uint32_t request);
  bool read_on(Read& read);
  bool read_file(Read& read);
  bool read_on_elsewhere(Read& read);
  bool open_file(Read& read, std::uint64_t start);
  void watch(Read& read);
  bool send_records(Read& read);
  void finish(Read& read, std::string error);
  void forget_finished();

  loop::Loop& loop_;
  LaunchDirs dirs_;
  LogReadsDoors doors_;
  std::map<std::uint32_t, std::unique_ptr<Read>> reads_;
};

}  // namespace agentd
