#pragma once
// The provider "local": an agent process for each node that is to be there, a slice of this
// machine. Agents live in sessions of their own and outlive the controller; the next one finds them
// by their locks.

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/loop/clock.h"
#include "lib/loop/log.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"
#include "scheduler/core/input.h"
#include "scheduler/daemon/local_slices.h"
#include "scheduler/daemon/paths.h"
#include "scheduler/daemon/provider.h"

namespace loop {
class Loop;
}

namespace musterd {

class LocalNodes : public Provider {
 public:
  struct Parts {
    std::string program;  // the path of muster-agent
    Paths paths;
    const std::vector<LocalSlice>& slices;
    std::vector<std::string> pools;  // whose nodes these are
    std::function<void(scheduler::Input)> say;
  };

  LocalNodes(loop::Loop& loop, Parts parts, const loop::Log& log);
  ~LocalNodes() override;

  /// Starts the node's agent, or watches the one that lives. One that ended a moment ago is started
  /// after a pause, longer each time.
  void create(const std::string& name, const std::string& birth) override;
  /// Ends it: TERM, and KILL when that has no effect.
  void destroy(const std::string& name) override;
  /// The nodes whose agents live.
  void list() override;

  /// From now on no agent is started; `gone` runs when the last one has ended.
  void stop(std::function<void()> gone) override;
  /// Sends a signal to all agents that live.
  void signal(int number);
  std::size_t n_alive() const;
  /// Why some node's agent does not stay alive, in its own last words; empty: all do.
  std::string trouble() const override;

 private:
  struct Node;

  Node* node_of(const std::string& name);
  void look(Node& node);
  void launch(Node& node);
  bool watch(Node& node, pid_t pid);
  void ended(Node& node, const loop::ExitStatus* status);
  void end(Node& node);
  void fire(Node& node);
  void fail(Node& node, const std::string& why, bool is_capacity);

  Parts parts_;
  const loop::Log& log_;
  loop::Loop& loop_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;  // that were ever asked for
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
