#pragma once
// A file system that a job has mounted while it runs: "bind:/data:data:ro".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace model {

enum class MountKind {
  bind,     // a directory of the node
  tmpfs,    // in memory
  overlay,  // a directory of the node, whose changes are the job's own
  nfs,
  smb,
  sshfs,
  rclone,
  command,  // line of a shell, to which the mount point is appended
};

std::string_view to_text(MountKind kind);

struct MountOption {
  std::string name;
  std::string value;  // of those that have one

  bool operator==(const MountOption&) const = default;
};

struct Mount {
  MountKind kind = MountKind::bind;
  std::string source;  // of tmpfs: empty
  std::string target;  // absolute, or below the folder of the job's mounts
  std::vector<MountOption> options;

  bool operator==(const Mount&) const = default;
};

/// The value of the first option of that name; nullptr: there is none.
const std::string* find_option(const Mount& mount, std::string_view name);

/// Why it is not made for a job of a user who is not root, even by root; empty: it is.
std::string_view flaw_for_user(const Mount& mount);

/// KIND:SOURCE:TARGET[:OPTIONS].
std::string to_text(const Mount& mount);

/// The source may have colons, the target has none; the last part is options if each of its words,
/// between commas, is one of the kind. Words that are handed on to the mounter are written o=WORD.
/// Secrets stand in files, which options name: a word that has one is refused.
///
/// errors    invalid
base::Result<Mount> mount_from_text(std::string_view text);

}  // namespace model
