#pragma once
// One launch from its order to its report.

#include <optional>
#include <string>
#include <vector>

#include "launcher/exec/container.h"
#include "launcher/exec/launch_dir.h"
#include "launcher/exec/launch_group.h"
#include "launcher/exec/mount_space.h"
#include "launcher/exec/mounter.h"
#include "launcher/map/environment.h"
#include "lib/base/result.h"
#include "lib/model/hierarchy.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/topology.h"

namespace exec {

struct Launch {
  LaunchDir dir;
  model::LaunchOrder order;
  model::Topology topology;  // of the node
  mapping::LaunchPlace place;
  std::string topology_xml;  // path of the hwloc description, may be empty
  std::optional<LaunchGroup> group;
  std::string programs;                  // folder of ours, on the node
  std::optional<Container> container;    // that script and steps run in
  std::optional<loop::Account> account;  // of the job's user, if that is not this process's
  std::optional<OwnSpace> own_space;     // of a preparation with an image, for another user
  std::optional<Mounter> mounter;        // of one with mounts, for another user
};

/// What the agent tells a launcher beside the order.
struct LaunchOptions {
  std::string directory;
  std::string topology_xml;  // path of a hwloc description to use; empty: the node's own
  std::vector<model::Hierarchy> hierarchies;  // to make control groups in
  bool needs_groups = false;                  // else what cannot be made is gone without
};

/// Name of the node that the launch is for.
const std::string& node_name(const model::LaunchOrder& order);

/// Of the job on that node.
const model::GpuSet& gpus_of(const model::LaunchOrder& order);

/// Null: what it starts runs on the node itself.
const Container* container_of(const Launch& launch);

/// Its processes run in the container from now on, with what that brings along.
void run_inside(Launch& launch, Container container);

/// A failure of the launch `order`, not of one of its ranks.
model::Failure failure_of(const model::LaunchOrder& order, model::Cause cause, std::string text);

/// Exit code that a failure stands for: 128 + signal, 127 for a program that cannot be started.
int exit_code_of(const model::Failure& failure);

/// Carries out the order in the directory and leaves the report there. Errors only when that is
/// impossible: no order, or no place for the report.
base::Result<void> run_launch(const LaunchOptions& options);

}  // namespace exec
