#include "launcher/map/placement.h"

#include <algorithm>

#include "lib/base/check.h"

namespace mapping {

namespace {

/// Members [first, first + count) of the set, by place.
model::IndexSet slice(const model::IndexSet& set, int first, int count) {
  return set.take(first + count) - set.take(first);
}

model::GpuSet gpus_of_rank(const model::GpuSet& gpus, int local_rank, int n_ranks) {
  if (gpus.count() < n_ranks || gpus.count() % n_ranks != 0) return gpus;
  const int each = gpus.count() / n_ranks;
  return slice(gpus, local_rank * each, each);
}

}  // namespace

int cpus_per_task(const model::LaunchOrder& order) {
  return order.step->cpus_per_task.value_or(order.job->shape.cpus_per_task);
}

Placement map_ranks(const model::LaunchOrder& order, const model::Topology& topology) {
  const auto node = static_cast<std::size_t>(order.node_index);
  base::check(order.step && node < order.tasks.size() && node < order.allocation.nodes.size(),
              "an order for a step names its tasks on each node of the allocation");
  const model::NodeShare& share = order.allocation.nodes[node];
  const int n_ranks = order.tasks[node];
  const int each = cpus_per_task(order);
  const bool fits = n_ranks <= share.cores.count() / std::max(each, 1);

  Placement placement;
  placement.oversubscribed = !fits || topology.oversubscribed;
  for (int local = 0; local < n_ranks; ++local) {
    RankPlace place;
    place.rank = model::first_rank(order, order.node_index) + local;
    place.local_rank = local;
    if (fits) place.cpus = cpus_of(topology, slice(share.cores, local * each, each));
    place.gpus = gpus_of_rank(share.gpus, local, n_ranks);
    placement.ranks.push_back(std::move(place));
  }
  return placement;
}

}  // namespace mapping
