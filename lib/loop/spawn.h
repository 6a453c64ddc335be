#pragma once
// How a child process is started: everything it gets is written down, nothing is inherited by
// chance.

#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

#include "lib/base/result.h"

namespace loop {

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

/// Starts the process with posix_spawn; the caller waits for it. Process::spawn does both.
base::Result<pid_t> spawn_process(const SpawnOptions& options);

}  // namespace loop
