#pragma once
// Cores for the ranks of one node, all different.

#include <optional>
#include <vector>

#include "lib/model/binding.h"
#include "lib/model/topology.h"

namespace mapping {

struct CoreRequest {
  const model::Topology& topology;
  const model::CoreSet& share;             // of the job
  const std::vector<model::GpuSet>& near;  // GPUs that each rank uses; one entry for each rank
  const std::vector<int>& cores;           // for each rank; the share has enough
  std::optional<model::MapBy> map_by;
};

/// For each rank, in order.
std::vector<model::CoreSet> choose_cores(const CoreRequest& request);

}  // namespace mapping
