#pragma once
// A container of a job on a node, as what it is to the kernel: the namespaces and the root of a
// process in it. Our processes go there between fork and exec; so they stay children of their
// launcher, with its descriptors, control groups and cores, whatever has made the container.

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "launcher/exec/launch_dir.h"
#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/ids.h"

namespace exec {

class Container {
 public:
  /// That of the process, which is this user's.
  ///
  /// errors    not_found, denied
  static base::Result<Container> of_process(pid_t process);

  /// That of the attempt on this node, which its preparation has written down.
  ///
  /// errors    not_found: it is gone
  static base::Result<Container> of_attempt(const LaunchDir& dir,
                                            const model::LaunchKey& preparation);

  /// A file in it, links followed as in there; only to be looked at (O_PATH). Nothing: errno.
  loop::OwnedFd look_at(const std::string& path) const;
  /// Its text, at most so much; empty where there is none.
  std::string read(const std::string& path, std::size_t limit) const;

  /// Takes this process there, whose directory is the root of the container then. Safe between
  /// vfork and exec.
  bool enter() const;

 private:
  loop::OwnedFd users_;  // namespace; none: that of this process
  loop::OwnedFd mounts_;
  loop::OwnedFd root_;
};

/// Writes down that this process, of the preparation `dir`, is in the container of the attempt.
base::Result<void> record_container(const LaunchDir& dir, pid_t process);

}  // namespace exec
