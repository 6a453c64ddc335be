#include "scheduler/daemon/local_slices.h"

namespace musterd {

std::vector<LocalSlice> cut(const std::vector<conf::Pool>& pools, const Machine& machine) {
  int n_nodes = 0;
  std::int64_t n_cores = 0;
  for (const auto& pool : pools) {
    n_nodes += pool.nodes;
    n_cores += std::int64_t{pool.nodes} * pool.cpus_per_node;
  }
  std::vector<LocalSlice> slices;
  int next_core = 0;
  int next_gpu = 0;
  for (const auto& pool : pools) {  // a static one has no nodes here
    for (int i = 1; i <= pool.nodes; ++i) {
      LocalSlice slice{.name = (pools.size() > 1 ? pool.name + "-n" : "n") + std::to_string(i),
                       .pool = pool.name,
                       .first_core = next_core,
                       .cores = pool.cpus_per_node,
                       .shared = n_cores > machine.cores,
                       .gpus = {},
                       .memory = pool.memory_per_node.value_or(base::Bytes(
                           machine.memory.count() / static_cast<std::uint64_t>(n_nodes))),
                       .containment = pool.containment};
      next_core += pool.cpus_per_node;
      for (int gpu = 0; gpu < pool.gpus_per_node; ++gpu) slice.gpus.push_back(next_gpu++);
      slices.push_back(std::move(slice));
    }
  }
  return slices;
}

}  // namespace musterd
