#pragma once
// The variables and the list of nodes that scripts written for PBS find in their job: OpenPBS, PBS
// Professional and Torque alike.

#include <string>

#include "launcher/map/placement.h"
#include "lib/model/job.h"
#include "lib/model/launch.h"
#include "lib/model/layout.h"

namespace mapping {

/// The text of PBS_NODEFILE: the name of each node, a line for each of the job's tasks there. So it
/// has one line for each of a chunk's mpiprocs, and ppn lines for each of Torque's nodes.
std::string pbs_nodes(const model::Allocation& allocation);

/// Of the script, whose environment has the MUSTER_ variables of the job already.
///
/// node_file   path of a file with pbs_nodes(); empty: there is none on this node
/// source      man 1B qsub, ENVIRONMENT VARIABLES; Torque's qsub likewise
void describe_for_pbs(model::Environment& environment, const model::LaunchOrder& order,
                      const std::string& node_file);

/// Of a rank, as of what PBS starts on further nodes. It has the cores of `rank`.
void describe_rank_for_pbs(model::Environment& environment, const model::LaunchOrder& order,
                           const RankPlace& rank);

}  // namespace mapping
