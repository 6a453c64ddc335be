#include "launcher/map/placement.h"

#include <algorithm>

#include "launcher/map/near_cores.h"
#include "lib/base/check.h"
#include "lib/base/text.h"

namespace mapping {

namespace {

using model::CoreSet;

/// Members [first, first + count) of the set, by place.
model::IndexSet slice(const model::IndexSet& set, int first, int count) {
  return set.take(first + count) - set.take(first);
}

/// What the ranks of one node are placed by.
struct Request {
  const model::Topology& topology;
  const model::NodeShare& share;
  int n_ranks = 0;
  int cores = 1;         // for each rank
  int gpus_of_rank = 0;  // 0: all see all
};

/// GPUs that each rank has for itself.
int gpus_of_each(const model::LaunchOrder& order, const model::NodeShare& share, int n_ranks) {
  const int asked = order.step->gpus_per_task.value_or(0);
  const int n_gpus = share.gpus.count();
  if (asked > 0 && asked * n_ranks <= n_gpus) return asked;
  return n_gpus % n_ranks == 0 ? n_gpus / n_ranks : 0;
}

model::GpuSet gpus_of(const Request& request, int local_rank) {
  if (request.gpus_of_rank == 0) return request.share.gpus;
  return slice(request.share.gpus, local_rank * request.gpus_of_rank, request.gpus_of_rank);
}

/// The GPUs that the cores of a rank are to be near.
model::GpuSet used_gpus(const Request& request, int local_rank) {
  if (request.gpus_of_rank > 0) return gpus_of(request, local_rank);
  const int n_gpus = request.share.gpus.count();
  const bool one_each = request.n_ranks <= n_gpus;
  return slice(request.share.gpus, one_each ? local_rank : local_rank * n_gpus / request.n_ranks,
               1);
}

std::vector<CoreSet> cores_near_gpus(const Request& request) {
  std::vector<Claim> claims;
  std::vector<std::size_t> claimants;
  for (int local = 0; local < request.n_ranks; ++local) {
    const auto gpus = used_gpus(request, local).members();
    const int n_gpus = static_cast<int>(gpus.size());
    for (int i = 0; i < n_gpus; ++i) {
      const auto& gpu =
          request.topology.gpus[static_cast<std::size_t>(gpus[static_cast<std::size_t>(i)])];
      const int further = i < request.cores % n_gpus ? 1 : 0;
      claims.push_back({.home = gpu.numa, .cores = request.cores / n_gpus + further});
      claimants.push_back(static_cast<std::size_t>(local));
    }
  }
  const auto given = hand_out(request.topology, request.share.cores, claims);
  std::vector<CoreSet> cores(static_cast<std::size_t>(request.n_ranks));
  for (std::size_t i = 0; i < given.size(); ++i) cores[claimants[i]] |= given[i];
  return cores;
}

/// The domain with the most of these cores.
int roomiest(const model::Topology& topology, const CoreSet& cores) {
  const auto domains = model::cores_by_numa(topology);
  const auto best =
      std::max_element(domains.begin(), domains.end(), [&](const CoreSet& a, const CoreSet& b) {
        return cores.count_common(a) < cores.count_common(b);
      });
  return static_cast<int>(best - domains.begin());
}

std::vector<CoreSet> cores_by_room(const Request& request) {
  std::vector<Claim> claims;
  for (const int home :
       even_homes(request.topology, request.share.cores, request.n_ranks, request.cores)) {
    claims.push_back({.home = home, .cores = request.cores});
  }
  auto cores = hand_out(request.topology, request.share.cores, claims);
  CoreSet unused = request.share.cores;
  for (const auto& given : cores) unused -= given;
  // The others fit into no single domain: they take what those have left.
  while (cores.size() < static_cast<std::size_t>(request.n_ranks)) {
    const Claim claim{.home = roomiest(request.topology, unused), .cores = request.cores};
    cores.push_back(hand_out(request.topology, unused, {claim}).front());
    unused -= cores.back();
  }
  return cores;
}

model::IndexSet domains_of(const model::Topology& topology, const CoreSet& cores) {
  model::IndexSet domains;
  for (const int core : cores.members()) {
    const auto numa = static_cast<std::size_t>(topology.cores[static_cast<std::size_t>(core)].numa);
    if (numa < topology.numa.size()) domains.add(topology.numa[numa].os_index);
  }
  return domains;
}

std::string too_few_cores(const Request& request) {
  return base::plural(request.n_ranks, "rank") + " of " + base::plural(request.cores, "core") +
         " each need more than the " + base::plural(request.share.cores.count(), "core") +
         " that the job has there";
}

}  // namespace

int cpus_per_task(const model::LaunchOrder& order) {
  return order.step->cpus_per_task.value_or(order.job->shape.cpus_per_task);
}

Placement map_ranks(const model::LaunchOrder& order, const model::Topology& topology) {
  const auto node = static_cast<std::size_t>(order.node_index);
  base::check(order.step && node < order.tasks.size() && node < order.allocation.nodes.size() &&
                  order.tasks[node] > 0,
              "an order for a step names its tasks on each node of the allocation");
  const model::NodeShare& share = order.allocation.nodes[node];
  const int n_ranks = order.tasks[node];
  const Request request{.topology = topology,
                        .share = share,
                        .n_ranks = n_ranks,
                        .cores = std::max(cpus_per_task(order), 1),
                        .gpus_of_rank = gpus_of_each(order, share, n_ranks)};

  Placement placement;
  std::vector<CoreSet> cores(static_cast<std::size_t>(n_ranks));
  if (n_ranks > share.cores.count() / request.cores) {
    placement.unbound = too_few_cores(request);
  } else {
    cores = share.gpus.empty() ? cores_by_room(request) : cores_near_gpus(request);
  }
  placement.oversubscribed = !placement.unbound.empty() || topology.oversubscribed;
  for (int local = 0; local < n_ranks; ++local) {
    const auto& own = cores[static_cast<std::size_t>(local)];
    placement.ranks.push_back({.rank = model::first_rank(order, order.node_index) + local,
                               .local_rank = local,
                               .cpus = cpus_of(topology, own),
                               .numa = domains_of(topology, own),
                               .gpus = gpus_of(request, local)});
  }
  return placement;
}

}  // namespace mapping
