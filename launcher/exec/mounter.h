#pragma once
// Mounts for a user who is not root.

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "launcher/exec/talk.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/account.h"
#include "lib/model/mount.h"

namespace exec {

/// A process that stays root's when this one becomes the job's user, in the job's namespace of
/// mounts, and mounts what only root can, one by one when it is asked, with the user's rights to
/// what is mounted and below the user's own folder only. It ends with this thread or this object.
class Mounter {
 public:
  struct Task {
    loop::Account user;
    std::vector<model::Mount> mounts;
    std::string folder;    // of the user, in which nobody else can make anything
    std::string root;      // of the targets, below it
    base::Duration limit;  // of one mount: then it is killed by the kernel, as only root could do
  };

  /// errors    unavailable
  static base::Result<Mounter> start(const Task& task);

  void ask(std::size_t mount);
  /// That can be read when the answer has come.
  int fd() const { return talk_.fd(); }
  /// Waits for it.
  base::Result<void> answer();
  /// Has it end, and waits for that unless it owes an answer.
  void finish();

 private:
  Mounter(Talk talk, pid_t process) : talk_(std::move(talk)), process_(process) {}

  Talk talk_;
  pid_t process_;
  bool owes_answer_ = false;
};

/// By a process of root's: what is mounted is not a way to more rights (nosuid, nodev), nor shows
/// what lies below other mounts.
///
/// point     a folder of the user's, relative to `folder`
/// errors    those of the kernel, with the path; conflict: the point is not the user's
/// source    man 2 openat2, open_tree, mount_setattr, fsopen, move_mount: from Linux 5.12 on
base::Result<void> mount_for(const loop::Account& user, const model::Mount& mount, int folder,
                             const std::string& point);

}  // namespace exec
