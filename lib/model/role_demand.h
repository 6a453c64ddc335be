#pragma once
// What roles whose ranks have cores, GPUs and memory of their own make of a request.

#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/model/job.h"
#include "lib/model/layout.h"
#include "lib/model/role.h"

namespace model {

/// What a rank has whose role says nothing of it.
struct RankDefaults {
  int cores = 1;
  int gpus = 0;                 // none for ranks that serve
  base::Bytes memory_per_core;  // 0: none asked
};

/// The roles with all that their ranks have. GPUs are left open where neither a role nor `defaults`
/// has any: then the GPUs of a node are dealt to its ranks that work.
Roles with_defaults(Roles roles, const RankDefaults& defaults);

/// What the ranks of each node need together, when each has those of place_roles. Roles are as
/// with_defaults returns them.
///
/// n_tasks   ranks of each node; their sum is n_ranks(roles)
/// errors    invalid: more than any node has
base::Result<std::vector<Demand>> demand_by_node(const Roles& roles,
                                                 const std::vector<int>& n_tasks);

/// Makes the request of a job large enough for its roles, of which some have resources of their
/// own, and gives the others what the request says for each task. Ranks are spread evenly over the
/// nodes, of which there is one if the request names no number; every node is asked for what the
/// fullest needs, as one task.
///
/// errors    invalid: the request asks for less than the roles need, or for a range of nodes
base::Result<void> size_for_roles(Shape& shape, Roles& roles);

}  // namespace model
