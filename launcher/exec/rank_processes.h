#pragma once
// The processes of each rank of this node: its main process, what that has started, and so on.

#include <sys/types.h>

#include <string>
#include <vector>

#include "lib/base/time.h"

namespace exec {

struct RankProcess {
  pid_t pid = 0;
  pid_t parent = 0;
  base::Duration cpu{};  // of itself and of its children that have ended
};

/// For each main process (0: it has ended), what is left of its rank, parents before children. A
/// process whose parents have gone is its rank's by its session.
std::vector<std::vector<RankProcess>> rank_processes(const std::vector<pid_t>& mains);

base::Duration total_cpu(const std::vector<RankProcess>& processes);

/// "process 812, sleep (/usr/bin/sleep)".
std::string process_text(pid_t pid);

}  // namespace exec
