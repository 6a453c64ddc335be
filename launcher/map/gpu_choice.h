#pragma once
// GPUs for the ranks of one node: those that each sees, and those that its cores are to be near.

#include <vector>

#include "lib/base/result.h"
#include "lib/model/job.h"
#include "lib/model/topology.h"

namespace mapping {

struct GpuChoice {
  std::vector<model::GpuSet> seen;  // for each rank, in order
  std::vector<model::GpuSet> used;  // of these; all empty without GPUs
};

/// errors: invalid for GPUs that the job does not have, or more ranks than they may have
base::Result<GpuChoice> choose_gpus(const model::StepSpec& step, const model::GpuSet& share,
                                    int n_ranks);

/// As many for each rank as `numbers` has, next in PCI order, and seen by no other.
/// errors: invalid: the share has fewer
base::Result<GpuChoice> deal_gpus(const model::GpuSet& share, const std::vector<int>& numbers);

/// Those of the share that are nearest to the cores of a rank.
model::GpuSet closest_gpus(const model::Topology& topology, const model::GpuSet& share,
                           const model::CoreSet& cores);

}  // namespace mapping
