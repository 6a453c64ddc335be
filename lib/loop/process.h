#pragma once
// Child processes: started with posix_spawn, watched by pidfd (man pidfd_open), never by SIGCHLD.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/spawn.h"

namespace loop {

class Loop;

/// How a process ended: by exit(code), or by a signal (then code is 0).
struct ExitStatus {
  int code = 0;
  int signal = 0;
  bool core_dumped = false;
  base::Duration user_time{};
  base::Duration system_time{};
  base::Bytes peak_memory;
};

/// A child. Destroying the object ends nothing: the child runs on and `on_exit` is not called.
class Process {
 public:
  /// The child has default signal handlers and an empty signal mask. Errors name the file at fault:
  /// not_found, denied, invalid (not executable), exhausted (no more processes), io.
  static base::Result<Process> spawn(Loop& loop, const SpawnOptions& options,
                                     std::function<void(const ExitStatus&)> on_exit);

  pid_t pid() const;
  bool is_running() const;
  /// Never hits another process that got the same number. Error not_found once the child is gone.
  base::Result<void> signal(int number) const;
  /// To the whole process group; only right for children with new_session.
  base::Result<void> signal_group(int number) const;

 private:
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  explicit Process(State* state);
  std::unique_ptr<State, Close> state_;
};

/// A process that need not be a child, named by number and start time so that a reused number is
/// noticed.
class ProcessWatch {
 public:
  /// `on_gone` runs once, on the loop. Error not_found when it is gone already.
  static base::Result<ProcessWatch> open(Loop& loop, pid_t pid, std::uint64_t start_time,
                                         std::function<void()> on_gone);

  pid_t pid() const;
  /// Error not_found once it is gone, denied for another user's process.
  base::Result<void> signal(int number) const;

 private:
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  explicit ProcessWatch(State* state);
  std::unique_ptr<State, Close> state_;
};

}  // namespace loop
