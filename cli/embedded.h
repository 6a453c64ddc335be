#pragma once
// The embedded cluster of one user on one machine, as up makes it and down ends it.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/cluster.h"
#include "cli/problem.h"
#include "lib/base/time.h"

namespace cli {

/// The controller's process; 0 when none lives.
Try<pid_t> controller_of(const ClusterPaths& paths);

/// A process that the cluster recorded, by number and start time, so that a number that the system
/// gave to another one since is not taken for it.
struct RecordedProcess {
  pid_t pid = 0;
  std::uint64_t start_time = 0;
  bool operator==(const RecordedProcess&) const = default;
};

/// Launchers (nodes/*/launches/*/pid) and agents (nodes/*/agent.lock) that live.
std::vector<RecordedProcess> living_launchers(const ClusterPaths& paths);
std::vector<RecordedProcess> living_agents(const ClusterPaths& paths);

bool is_alive(const RecordedProcess& process);

/// Sends TERM and waits; after `grace` KILL, and waits again. Returns those that live on.
std::vector<RecordedProcess> end_processes(std::vector<RecordedProcess> processes,
                                           base::Duration grace);

/// Removes sockets that nobody listens on any more.
void remove_sockets(const ClusterPaths& paths);

/// Cores that this process may use: distinct ones where hardware threads share one.
int usable_cores();

/// The last lines of a file, for a message.
std::string last_lines(const std::string& path, std::size_t n_lines);

}  // namespace cli
