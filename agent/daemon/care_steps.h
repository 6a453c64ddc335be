#pragma once
// Runs the steps of a node's care, or the site's programs around a launch, one at a time: scripts
// by sh, and muster-nodeprep for the checks built in. What one leaves behind when it fails is
// ended, by this agent or the next.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/caretaker.h"
#include "agent/daemon/leftovers.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"

namespace loop {
class Loop;
}  // namespace loop

namespace agentd {

/// One step to run.
struct StepCommand {
  std::string title;                   // in the log
  std::string program;                 // path
  std::vector<std::string> arguments;  // with argv[0]
  std::vector<std::string> variables;  // "NAME=value", beside the agent's own
  std::function<void()> started = {};  // it has not before what was left is ended
};

class CareSteps {
 public:
  /// `folder` is made: the log is there, and a folder for each run. `ended` is never called inside
  /// a call of this.
  CareSteps(loop::Loop& loop, std::string folder, std::function<void(agent::StepEnd)> ended);
  /// The step that runs is killed; what is left then, the next agent ends.
  ~CareSteps();
  CareSteps(const CareSteps&) = delete;
  CareSteps& operator=(const CareSteps&) = delete;

  /// Ends what steps of an agent before this one left, before the first step of this.
  void sweep();
  /// Starts when nothing of an earlier step is left, or after a while if that cannot be ended.
  void run(StepCommand command);
  /// Ends the step, of which nothing more is heard.
  void stop();
  /// Nothing of a step that has ended is being ended any more.
  bool is_clean() const { return leftovers_.empty(); }
  /// The last lines of the step that runs or ran last.
  std::string output() const;
  /// The end of the log.
  std::string log(std::size_t limit) const;

 private:
  using RunId = std::uint64_t;

  void start();
  base::Result<void> spawn(const StepCommand& command);
  void note_start(const StepCommand& command);
  void exited(RunId run, const loop::ExitStatus& status);
  void clean(const std::string& run_folder);
  void watch_log();
  void end_with(agent::StepEnd end);
  std::string log_path() const { return folder_ + "/log"; }

  loop::Loop& loop_;
  std::string folder_;
  std::function<void(agent::StepEnd)> ended_;
  std::optional<StepCommand> waiting_;  // for leftovers
  std::optional<RunId> current_;
  std::uint64_t n_stops_ = 0;  // an end of before the last is not told any more
  std::string current_folder_;
  RunId last_run_ = 0;
  std::uint64_t log_start_ = 0;                 // of the step, in the log
  std::map<RunId, loop::Process> processes_;    // stopped ones, too, until they are gone
  std::map<std::string, Leftovers> leftovers_;  // by folder of the run
  loop::Timer patience_;                        // with them
  loop::Timer log_watch_;
  std::shared_ptr<CareSteps*> self_;
};

}  // namespace agentd
