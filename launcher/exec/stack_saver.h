#pragma once
// The stacks of processes, by gdb or eu-stack where one of them is installed, and from what the
// kernel says of each thread. It takes a limited time, and leaves the processes as they were.

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "launcher/exec/output_pipe.h"
#include "lib/loop/clock.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/timer.h"

namespace loop {
class Loop;
}

namespace exec {

class StackSaver {
 public:
  struct Events {
    /// A tool is started, a child of this process.
    std::function<void(pid_t)> started;
    /// The text of each group of processes, in their order. May destroy the saver.
    std::function<void(std::vector<std::string>)> done;
  };

  /// path   where the tools are searched, as the variable PATH has it
  StackSaver(loop::Loop& loop, std::vector<std::vector<pid_t>> groups, std::string path,
             Events events);

 private:
  struct Process {
    pid_t pid = 0;
    std::size_t group = 0;
    std::string text;
    bool has_frames = false;
  };
  struct Tool {
    std::size_t process = 0;
    pid_t pid = 0;
    std::string printed;
    std::unique_ptr<OutputPipe> output;
    loop::Elapsed since;
  };

  void go_on();
  bool start(std::size_t process);
  void end(Tool& tool);
  void take_frames(const Tool& tool);
  void finish();

  loop::Loop& loop_;
  std::string path_;
  Events events_;
  loop::OwnedFd nothing_;
  std::size_t n_groups_;
  std::vector<Process> processes_;
  std::size_t next_ = 0;  // that no tool has been started for
  std::vector<std::unique_ptr<Tool>> tools_;
  loop::Elapsed since_;
  loop::Timer timer_;
};

}  // namespace exec
