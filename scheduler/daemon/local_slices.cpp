#include "scheduler/daemon/local_slices.h"

namespace musterd {

namespace {

/// What a program is to make, as if it were a slice.
LocalSlice machine_at(const conf::Pool& pool, int place) {
  return {.name = conf::place_name(pool, place),
          .pool = pool.name,
          .cores = pool.cpus_per_node,
          .gpus = std::vector<int>(static_cast<std::size_t>(pool.gpus_per_node)),
          .memory = pool.memory_per_node.value_or(base::Bytes()),
          .containment = pool.containment};
}

/// As its agent will announce it, as far as that is known.
model::NodeInfo info_of(const LocalSlice& slice, const std::string& gpu_kind) {
  model::NodeInfo info;
  info.name = slice.name;
  info.pool = slice.pool;
  info.topology.numa.resize(1);
  info.topology.memory = slice.memory;
  for (int core = 0; core < slice.cores; ++core) {
    info.topology.cores.push_back({.package = 0, .numa = 0, .cpus = model::CpuSet::range(core, 1)});
  }
  info.topology.gpus.resize(slice.gpus.size());
  for (auto& gpu : info.topology.gpus) gpu.kind = gpu_kind;
  return info;
}

}  // namespace

std::vector<scheduler::ProvidedPool> provided_pools(const std::vector<conf::Pool>& pools,
                                                    const std::vector<LocalSlice>& slices) {
  std::vector<scheduler::ProvidedPool> provided;
  for (const auto& pool : pools) {
    if (pool.nodes == 0) continue;  // its machines come by themselves
    auto& added =
        provided.emplace_back(scheduler::ProvidedPool{.name = pool.name,
                                                      .least = pool.min_nodes.value_or(pool.nodes),
                                                      .most = pool.nodes,
                                                      .idle_timeout = pool.idle_timeout,
                                                      .start_timeout = pool.start_timeout,
                                                      .has_program = pool.has_program(),
                                                      .life = pool.node_life});
    for (int place = 1; pool.has_program() && place <= pool.nodes; ++place)
      added.nodes.push_back(info_of(machine_at(pool, place), pool.gpu_kind));
    for (const auto& slice : slices) {
      if (slice.pool == pool.name) added.nodes.push_back(info_of(slice, pool.gpu_kind));
    }
  }
  return provided;
}

std::vector<LocalSlice> cut(const std::vector<conf::Pool>& pools, const Machine& machine) {
  int n_nodes = 0;
  std::int64_t n_cores = 0;
  for (const auto& pool : pools) {
    if (pool.has_program()) continue;
    n_nodes += pool.nodes;
    n_cores += std::int64_t{pool.nodes} * pool.cpus_per_node;
  }
  std::vector<LocalSlice> slices;
  int next_core = 0;
  int next_gpu = 0;
  for (const auto& pool : pools) {  // a static one has no nodes here
    if (pool.has_program()) continue;
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
