#pragma once
// Which rank of a step gets which hardware threads and GPUs of this node. Pure: the same order and
// topology give the same placement.

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/launch.h"
#include "lib/model/topology.h"

namespace mapping {

struct RankPlace {
  int rank = 0;
  int local_rank = 0;
  model::CpuSet cpus;    // empty: not bound
  model::IndexSet numa;  // memory domains of these, by the operating system's number
  model::GpuSet gpus;    // of the node's topology, visible to the rank
  std::string nic;       // name of the network card nearest to these; empty: the node has none

  bool operator==(const RankPlace&) const = default;
};

struct Placement {
  std::vector<RankPlace> ranks;  // of this node, by rank
  std::string unbound;           // why no rank is bound; empty: all are
  bool oversubscribed = false;   // ranks share hardware threads: they yield when they wait

  bool operator==(const Placement&) const = default;
};

/// What the step may use of the order's node: its own, or the job's.
model::NodeShare share_of_step(const model::LaunchOrder& order);

/// Cores for each rank of a step: as the step asks, else equal parts of what it may use if it is to
/// fill that, else as the job asks.
int cpus_per_task(const model::LaunchOrder& order);

/// Ranks in blocks over the nodes, or round them, never reordered within one; each is bound to as
/// many cores that no other has as its role says, else cpus_per_task. With GPUs in the node's share
/// the cores of a rank are those nearest to its GPUs; without, ranks are spread evenly over the
/// share's memory domains, inside one each where that fits. When the share has too few cores,
/// nobody is bound and the ranks are oversubscribed.
///
/// Each rank gets as many GPUs as its role says, where roles say so, else as the step asks for
/// each, next in PCI order; else equal parts when there are as many as ranks or a multiple; else
/// all see all of them, and the cores are near the one that LOCAL_RANK would choose.
///
/// What the step's binding says replaces these rules. Each rank is told the network card that is
/// nearest to the GPU it uses, else to its cores (nic_choice.h).
///
/// order     of a step with a part on this node, which has `topology`
/// errors    invalid: the binding cannot be had in the job's share of the node
/// cost      O((ranks + cores) * domains); 256 threads and 8 GPUs in well under a millisecond
/// source    PMIx and Open MPI leave binding to the launcher; rank i has GPU i in PCI order
base::Result<Placement> map_ranks(const model::LaunchOrder& order, const model::Topology& topology);

}  // namespace mapping
