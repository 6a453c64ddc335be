#pragma once
// Where a node could make control groups, by what the kernel says of mounts and of the agent's own
// groups. Pure: the daemon tries it out.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/model/hierarchy.h"

namespace agent {

/// A mounted hierarchy.
struct MountedHierarchy {
  int version = 2;
  std::set<model::Controller> controllers;  // of version 1; version 2 says it in its folders
  std::vector<std::string> parents;         // folders to make the node's in, the best first

  bool operator==(const MountedHierarchy&) const = default;
};

/// Groups are made below the agent's own group, so that what limits the agent limits its launches
/// too. With version 2 that hands no controllers down while other processes are in it, so the top
/// of the hierarchy is the second choice there, unless the agent itself is in a launch of a node.
///
/// mounts     text of /proc/self/mountinfo (man 5 proc)
/// own        text of /proc/self/cgroup (man 7 cgroups)
/// returns    version 2 first; only hierarchies that a node has a use for
std::vector<MountedHierarchy> find_hierarchies(std::string_view mounts, std::string_view own);

/// The folder of the node in a parent: "muster/n1-0f3a9c5d". The number is made from its directory:
/// clusters and nodes of the same name may be on one machine.
std::string node_group(std::string_view name, std::string_view node_dir);

}  // namespace agent
