#pragma once
// Nodes of a cluster directory as their agents leave them for launchers: descriptions of nodes,
// orders; and what launchers leave: reports, logs, processes.

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/topology.h"
#include "lib/wire/log_record.h"

namespace launcher_test {

/// Nodes n1, n2, ... with `cores` cores each; the cores stand for the hardware threads that this
/// process may use, in turn.
class LaunchBox {
 public:
  explicit LaunchBox(int n_nodes = 1, int cores = 1);
  ~LaunchBox();
  LaunchBox(const LaunchBox&) = delete;
  LaunchBox& operator=(const LaunchBox&) = delete;

  const std::string& folder() const { return folder_; }
  const model::Topology& topology(int node) const;
  /// From now on the description of the node gives its first core a hardware thread more, which
  /// need not exist.
  void pretend_thread(int node, int cpu);

  /// Job 7, attempt 1, on all nodes with all their cores.
  model::LaunchOrder batch_order(const std::string& script) const;
  /// Step 0 of it, with so many ranks on each node.
  model::LaunchOrder step_order(const std::vector<int>& tasks,
                                const std::vector<std::string>& arguments) const;

  /// Makes the launch directory of the order on its node; returns its path.
  std::string place(const model::LaunchOrder& order) const;

 private:
  void describe(std::size_t node) const;

  std::string folder_;
  std::vector<model::Topology> topologies_;
};

/// The hardware threads that this process may use.
std::vector<int> usable_cpus();

std::string read_text(const std::string& path);
std::optional<model::LaunchReport> read_report(const std::string& launch_dir);
std::vector<wire::LogRecord> read_log(const std::string& launch_dir);
/// All that was logged of a rank (or the script) and stream.
std::string logged(const std::string& launch_dir, std::optional<int> rank,
                   model::OutputStream stream = model::OutputStream::out);

/// Processes that carry the launch's mark.
std::vector<pid_t> living(const std::string& launch_dir);

/// Polls every few milliseconds until `condition` holds; false after 20 s.
template <class Condition>
bool eventually(Condition condition);

/// Waits a little: for eventually().
void pause_briefly();

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    pause_briefly();
  }
  return false;
}

}  // namespace launcher_test
