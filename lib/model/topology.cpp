#include "lib/model/topology.h"

#include <algorithm>

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

}  // namespace model
