#pragma once
// The mount namespace of an attempt on a node (man 7 mount_namespaces): its preparation makes it,
// the launchers of its script and steps join it, and with the last process in it all that was
// mounted there is gone.

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>

#include "launcher/exec/launch_dir.h"
#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/ids.h"

namespace exec {

class MountSpace {
 public:
  /// This process is in a new one when this returns. What is mounted in it is not seen outside;
  /// what is mounted outside later is seen in it. Needs root's rights.
  ///
  /// errors    denied
  static base::Result<MountSpace> enter();

  /// Carries out `task` outside, in another process, and waits for its end.
  void outside(const std::function<void()>& task) const;

 private:
  explicit MountSpace(loop::OwnedFd before) : before_(std::move(before)) {}

  loop::OwnedFd before_;
};

/// The same for one that is not root: in a user namespace in which it is the only user, and may
/// mount what the kernel lets such users mount. This process has no threads yet.
///
/// errors    denied
base::Result<void> enter_own_space();

/// The same, made by root for a user whom this process is about to become, and entered later: one
/// that has been root may not write its own maps as a user.
class OwnSpace {
 public:
  /// errors    denied
  static base::Result<OwnSpace> make(uid_t uid, gid_t gid);

  /// By that user, without threads.
  base::Result<void> enter() const;

 private:
  loop::OwnedFd users_;  // namespaces
  loop::OwnedFd mounts_;
};

/// Joins that of the preparation, which lives. This process has no threads yet. The working
/// directory is the root afterwards.
///
/// errors    not_found: the preparation is gone; denied
base::Result<void> join_mount_space(const LaunchDir& dir, const model::LaunchKey& preparation);

/// Is something mounted on the folder? Kernels before 5.8 do not say it: then true.
bool is_mount_point(const std::string& folder);

}  // namespace exec
