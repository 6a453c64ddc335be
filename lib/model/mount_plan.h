#pragma once
// How mounts are made: by which command lines, on which folders.

#include <string>
#include <vector>

#include "lib/model/mount.h"

namespace model {

struct MountPlan {
  std::string point;                   // where it is mounted
  bool is_point_made = false;          // else it has to be there
  std::vector<std::string> folders;    // to be made before, besides
  std::vector<std::string> arguments;  // of the mounter; [0] is its name
};

/// mount_root    of relative targets
/// scratch       a folder that is this mount's alone, for changes to what lies below an overlay
///
/// source        man 8 mount, man 1 sshfs, rclone mount --help
MountPlan plan_mount(const Mount& mount, const std::string& mount_root, const std::string& scratch);

}  // namespace model
