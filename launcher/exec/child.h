#pragma once
// Starting one process the way a launcher must: own session, killed when the launcher dies, bound,
// with clean signals; and with an error that says which file is at fault.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/binding.h"
#include "lib/model/job.h"
#include "lib/model/topology.h"

namespace exec {

/// Open files of control groups that a process starts in; close-on-exec.
struct Entrances {
  std::vector<int> tasks;  // of version 1: 0 written to it puts the writer there
  int folder = -1;         // of version 2: a process can be born into it
  int procs = -1;          // and where the kernel cannot do that, as `tasks`, which takes longer
};

class Container;

struct Command {
  std::vector<std::string> arguments;  // [0] is the program: a path, or a name searched in PATH
  model::Environment environment;      // all of it
  std::string own_number;  // variable that, where it is there, gets the number of the process
  std::string directory;
  int input = -1;  // open descriptors of this process, become 0, 1 and 2
  int output = -1;
  int error = -1;
  std::optional<std::uint64_t> most_files;  // soft limit; nullopt: as this process
  bool on_terminal = false;  // `input` is a terminal, which becomes that of the session
  int kept = -1;             // stays open under its number, which is above 2
  model::CpuSet cpus;        // empty: as this process
  model::MemBind mem_bind = model::MemBind::none;
  model::IndexSet memory;  // domains, by the operating system's number, of mem_bind; empty: none
  Entrances groups;        // beside those of this process
  const Container* container = nullptr;  // program and directory are there; null: on the node
};

/// The file of the command's program, as a shell finds it: a name with a slash is a path, which may
/// be one from the command's directory; others are searched in the PATH of its environment.
///
/// errors    not_found
base::Result<std::string> find_program(const Command& command);

/// Its absolute path.
std::string in_directory(const Command& command, const std::string& program);

/// A file of the command's, such as its program, as this process sees it.
class SeenFile {
 public:
  SeenFile(const Command& command, const std::string& path);

  /// One that is not there has a path that does not exist.
  const std::string& path() const { return path_; }

 private:
  loop::OwnedFd file_;
  std::string path_;
};

/// The process is running its program when this returns. It leads a session of its own, gets
/// SIGKILL when this thread ends, and has none of this process's other descriptors, which all are
/// close-on-exec, as `kept` is here. It has read back that it is bound as the command says. Errors
/// name the file: not_found (program, interpreter or folder), denied, invalid (no program), io;
/// conflict names the hardware threads that were wanted and those that were found; unavailable: it
/// cannot be put into its control groups, or cannot have its memory as it should.
///
/// cost      one vfork: the same however large this process is
/// source    man 2 vfork, man 2 prctl (PR_SET_PDEATHSIG), man 2 clone (CLONE_INTO_CGROUP)
base::Result<pid_t> start_process(const Command& command);

}  // namespace exec
