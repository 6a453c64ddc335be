#pragma once
// What the kernel says about processes (man 5 proc).

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace loop {

struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot; with pid it names a process for one boot
  bool is_zombie = false;
  char state = '?';     // as ps shows it: 'D' is one that the kernel does not let go
  std::string command;  // its name for the kernel, of 15 characters at most
};

/// Is it there, not a zombie, and the one that had this number when it was seen?
bool is_still_there(const ProcessEntry& seen);

/// Error not_found for a process that is gone.
base::Result<ProcessEntry> read_process(pid_t pid);
base::Result<std::uint64_t> process_start_time(pid_t pid);

/// Sends the signal to the process if it is that user's, by its real user (man 7 credentials), and
/// never to another one that got its number meanwhile. False: it was not sent.
bool signal_process_of(uid_t user, pid_t pid, int number);

/// All processes that can be seen, by number; one that ends meanwhile may or may not be there.
std::vector<ProcessEntry> list_processes();

/// The value of `name` in the environment the process was started with; error not_found when it has
/// none or is gone, denied for another user's process. For a moment after its start a process has
/// none.
base::Result<std::string> process_environment(pid_t pid, std::string_view name);

/// The identity of this boot of the machine.
base::Result<std::string> boot_id();

}  // namespace loop
