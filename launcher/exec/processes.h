#pragma once
// The main processes of a launch (the script, or the ranks of this node) and whatever they start.
// Its one rule: it has finished only when nothing that was started lives any more. But the kernel
// may not let go of a process: what SIGKILL does not end in some seconds is left to the agent,
// which keeps others from the cores and GPUs that it has.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/exec/child.h"
#include "launcher/exec/output_pipe.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/process.h"
#include "lib/loop/signal.h"
#include "lib/loop/timer.h"
#include "lib/model/head_message.h"
#include "lib/model/outcome.h"

namespace loop {
class Loop;
}

namespace exec {

class LaunchDir;
class LaunchGroup;

/// What the owner is told; `process` is the number in order of start(), from 0.
struct ProcessEvents {
  std::function<void(int process, model::OutputStream stream, std::string_view bytes)> output;
  /// The main process is gone; output may still come.
  std::function<void(int process, const loop::ExitStatus& status)> ended;
  /// After complete(): all main processes have ended, what they left behind is killed, all output
  /// is delivered. Once.
  std::function<void()> finished;
};

class Processes {
 public:
  /// Makes this process a subreaper that may open many files; what it starts may open as many as
  /// this process before. `dir` gets the sessions; it outlives this object, as the group does,
  /// which all is started in (null: there is none).
  Processes(loop::Loop& loop, LaunchDir& dir, LaunchGroup* group, base::Duration kill_grace,
            ProcessEvents events);

  /// Starts a main process; its output and error are pipes of ours, the input is the command's.
  base::Result<void> start(Command command) { return start(std::move(command), {}); }
  /// The same with its input, output and error on a terminal, of which `screen` is the other end.
  base::Result<void> start(Command command, loop::OwnedFd screen);
  /// No more will be started.
  void complete();

  /// SIGTERM to the sessions of all main processes; after the grace time SIGKILL to everything.
  /// Repeated calls do not prolong the grace.
  void end();
  void signal(int number) const;
  /// To those that handle the signal: the main processes only, or everything.
  void notify(int number, bool mains_only) const;

  /// Back-pressure on all output.
  void pause_output();
  void resume_output();

  bool is_paused() const { return paused_; }

  /// The main processes in order; 0 for those that have ended.
  std::vector<pid_t> mains() const;
  /// A child that somebody else has started: its end is taken here, and is nobody's use.
  void adopt(pid_t pid) { adopted_.insert(pid); }

  int n_running() const { return n_running_; }
  /// Of everything that has ended so far.
  const model::Usage& usage() const { return usage_; }

 private:
  struct Main {
    pid_t pid = 0;  // 0: ended
    std::unique_ptr<OutputPipe> output;
    std::unique_ptr<OutputPipe> error;
  };
  void reap();
  void note_end(pid_t pid, const loop::ExitStatus& status);
  void tell_all(int number) const;
  void settle();
  void look_again();
  void give_up();
  void finish();

  loop::Loop& loop_;
  LaunchDir& dir_;
  LaunchGroup* group_;
  base::Duration kill_grace_;
  ProcessEvents events_;
  std::vector<Main> mains_;
  std::set<pid_t> adopted_;
  model::Usage usage_;
  std::optional<std::uint64_t> most_files_;
  int n_running_ = 0;
  bool complete_ = false;
  bool ending_ = false;
  bool killing_ = false;
  bool paused_ = false;
  bool childless_ = false;
  bool finished_ = false;
  std::optional<base::Time> killed_at_;  // first, with SIGKILL
  loop::Signal child_signal_;
  loop::Timer kill_timer_;
  loop::Timer sweep_timer_;
};

}  // namespace exec
