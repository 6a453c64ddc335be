#pragma once
// Which rank of a step gets which hardware threads and GPUs of this node. Pure: the same order and
// topology give the same placement.

#include <vector>

#include "lib/model/launch.h"
#include "lib/model/topology.h"

namespace mapping {

struct RankPlace {
  int rank = 0;
  int local_rank = 0;
  model::CpuSet cpus;  // empty: not bound
  model::GpuSet gpus;  // of the node's topology, visible to the rank

  bool operator==(const RankPlace&) const = default;
};

struct Placement {
  std::vector<RankPlace> ranks;  // of this node, by rank
  bool oversubscribed = false;   // ranks share hardware threads: they yield when they wait

  bool operator==(const Placement&) const = default;
};

/// Hardware threads for each rank of a step: as the step asks, else as the job does.
int cpus_per_task(const model::LaunchOrder& order);

/// Ranks in blocks over the nodes; on a node each gets the next cpus_per_task cores of the node's
/// share. When the share has too few, nobody is bound and the ranks are oversubscribed. Each rank
/// gets one GPU when there are as many as ranks (several: a multiple), else all see all of them.
///
/// order     of a step with a part on this node, which has `topology`
/// source    PMIx and Open MPI leave binding to the launcher; rank i has GPU i in PCI order
Placement map_ranks(const model::LaunchOrder& order, const model::Topology& topology);

}  // namespace mapping
