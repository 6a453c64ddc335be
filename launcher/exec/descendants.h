#pragma once
// The processes below this one. As a subreaper (man 2 prctl) it is above all that it started, also
// of those that made a session of their own and whose parents are gone.

#include <sys/types.h>

#include <vector>

namespace exec {

/// Children, their children and so on, zombies included; what is started meanwhile may be missing.
std::vector<pid_t> descendants();

/// Has the process a handler of its own for the signal? One without would be killed by it.
bool handles(pid_t pid, int signal);

/// Sends SIGKILL to all descendants; false when there is none that it may send it to.
bool kill_descendants();

}  // namespace exec
