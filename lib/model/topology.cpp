#include "lib/model/topology.h"

#include "lib/base/check.h"

namespace model {

CpuSet cpus_of(const Topology& topology, const CoreSet& cores) {
  CpuSet cpus;
  for (const int core : cores.members()) {
    base::check(static_cast<std::size_t>(core) < topology.cores.size(), "a core of this topology");
    cpus |= topology.cores[static_cast<std::size_t>(core)].cpus;
  }
  return cpus;
}

}  // namespace model
