#pragma once
// Child processes: started with posix_spawn, watched by pidfd (man pidfd_open), never by SIGCHLD.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace loop {

class Loop;

/// What a standard stream of a child is.
struct NullFile {};
struct SameAsParent {};
struct InputFile {
  std::string path;
};
/// Made if missing (mode 0666 less the umask); truncated unless `append`.
struct OutputFile {
  std::string path;
  bool append = false;
};
/// An open descriptor of this process; stays open here.
struct Descriptor {
  int fd = -1;
};
/// For standard error only: wherever standard output goes.
struct SameAsOutput {};
using ChildFile =
    std::variant<NullFile, SameAsParent, InputFile, OutputFile, Descriptor, SameAsOutput>;

struct SpawnOptions {
  std::string program;                   // path; no search in PATH
  std::vector<std::string> arguments;    // with argv[0]; empty means {program}
  std::vector<std::string> environment;  // "NAME=value", nothing is inherited
  std::string directory;                 // empty: this process's
  ChildFile input = NullFile{};
  ChildFile output = NullFile{};
  ChildFile error = NullFile{};
  bool new_session = false;
  std::vector<int> extra_fds;  // become 3, 4, 5, ... in the child; every other descriptor is closed
  std::vector<int> cores;      // hardware threads to be bound to; empty: as this process
};

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
