#include "tests/support/machines.h"

namespace support {

model::Topology Machine::topology() const {
  model::Topology made;
  const int n_cores = packages * domains * cores;
  for (int domain = 0; domain < packages * domains; ++domain)
    made.numa.push_back({.os_index = domain, .memory = base::Bytes(std::uint64_t{1} << 36)});
  for (int core = 0; core < n_cores; ++core) {
    model::Core one{.package = core / (domains * cores), .numa = core / cores};
    for (int thread = 0; thread < threads; ++thread)
      one.cpus.add(adjacent ? core * threads + thread : core + thread * n_cores);
    made.cores.push_back(one);
  }
  return made;
}

model::Topology with_gpus(model::Topology topology, const std::vector<int>& domains) {
  for (const int domain : domains) {
    const auto place = std::to_string(topology.gpus.size());
    topology.gpus.push_back({.uuid = "GPU-" + place, .pci = "0000:0" + place + ":00.0"});
    topology.gpus.back().numa = domain;
  }
  return topology;
}

model::Topology with_memory_of_gpus(model::Topology topology, const std::vector<int>& os_indices) {
  for (const int os_index : os_indices)
    topology.numa.push_back({.os_index = os_index, .memory = base::Bytes(std::uint64_t{1} << 36)});
  return topology;
}

}  // namespace support
