#pragma once
// The provider "local": an agent process for each slice of this machine, started again when it
// dies. Agents live in sessions of their own and outlive the controller; the next one finds them by
// their locks.

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/loop/clock.h"
#include "lib/loop/log.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"
#include "scheduler/daemon/local_slices.h"
#include "scheduler/daemon/paths.h"

namespace loop {
class Loop;
}

namespace musterd {

class LocalNodes {
 public:
  /// `program` is the path of muster-agent. Nothing is started yet.
  LocalNodes(loop::Loop& loop, std::string program, Paths paths,
             const std::vector<LocalSlice>& slices, const loop::Log& log);
  ~LocalNodes();

  /// Starts every agent that does not live.
  void start();
  /// From now on agents that end stay ended; `gone` runs when the last one has.
  void stop_restarting(std::function<void()> gone);
  /// Sends a signal to all agents that live.
  void signal(int number);
  std::size_t n_alive() const;
  /// Why some node's agent does not stay alive, in its own last words; empty: all do.
  std::string trouble() const;

 private:
  struct Node;

  void look(Node& node);
  void launch(Node& node);
  void watch(Node& node, pid_t pid);
  void ended(Node& node, const loop::ExitStatus* status);
  void retry(Node& node);

  std::string program_;
  Paths paths_;
  const loop::Log& log_;
  loop::Loop& loop_;
  std::vector<std::unique_ptr<Node>> nodes_;
  bool is_stopping_ = false;
  std::function<void()> gone_;
};

/// The command line of a slice's agent, without the program.
std::vector<std::string> agent_arguments(const LocalSlice& slice, const Paths& paths);

/// What this process may use of this machine: cores by affinity and topology (man 5 sysfs), memory
/// by the kernel and the control group.
Machine this_machine();

/// The path of a program that lies beside this one.
base::Result<std::string> program_beside(const std::string& name);

}  // namespace musterd
