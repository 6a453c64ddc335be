#include "lib/model/topology.h"

#include <algorithm>
#include <set>

#include "lib/base/check.h"

namespace model {

std::vector<CoreSet> cores_by_numa(const Topology& topology) {
  std::vector<CoreSet> domains(topology.numa.size());
  for (std::size_t core = 0; core < topology.cores.size(); ++core) {
    const auto numa = static_cast<std::size_t>(topology.cores[core].numa);
    domains.resize(std::max(domains.size(), numa + 1));
    domains[numa].add(static_cast<int>(core));
  }
  return domains;
}

CpuSet cpus_of(const Topology& topology, const CoreSet& cores) {
  CpuSet cpus;
  for (const int core : cores.members()) {
    base::check(static_cast<std::size_t>(core) < topology.cores.size(), "a core of this topology");
    cpus |= topology.cores[static_cast<std::size_t>(core)].cpus;
  }
  return cpus;
}

CoreSet pick_cores(const std::vector<CoreSet>& domains, const CoreSet& free, int n) {
  const CoreSet* best = nullptr;
  int n_in_best = 0;
  for (const auto& domain : domains) {
    const int n_cores = free.count_common(domain);
    if (n_cores < n || (best != nullptr && n_cores >= n_in_best)) continue;
    best = &domain;
    n_in_best = n_cores;
  }
  return (best == nullptr ? free : free & *best).take(n);
}

GpuSet pick_gpus(const Topology& topology, const GpuSet& free, int n, const CoreSet& cores) {
  if (n == 0) return {};
  std::set<int> near;
  for (const int core : cores.members())
    near.insert(topology.cores[static_cast<std::size_t>(core)].numa);
  GpuSet near_gpus;
  for (const int gpu : free.members()) {
    if (near.contains(topology.gpus[static_cast<std::size_t>(gpu)].numa)) near_gpus.add(gpu);
  }
  auto picked = near_gpus.take(n);
  return picked | (free - picked).take(n - picked.count());
}

}  // namespace model
