#pragma once
// One launch from its order to its report.

#include <string>

#include "launcher/exec/launch_dir.h"
#include "launcher/map/environment.h"
#include "lib/base/result.h"
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
};

/// Name of the node that the launch is for.
const std::string& node_name(const model::LaunchOrder& order);

/// A failure of the launch `order`, not of one of its ranks.
model::Failure failure_of(const model::LaunchOrder& order, model::Cause cause, std::string text);

/// Exit code that a failure stands for: 128 + signal, 127 for a program that cannot be started.
int exit_code_of(const model::Failure& failure);

/// Carries out the order in the directory and leaves the report there. Errors only when that is
/// impossible: no order, or no place for the report.
///
/// topology_xml   path of a hwloc description to use; empty: the node's own
base::Result<void> run_launch(const std::string& directory, const std::string& topology_xml);

}  // namespace exec
