#include "launcher/map/gpu_choice.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <numeric>
#include <optional>

#include "launcher/map/near_cores.h"
#include "lib/base/text.h"

namespace mapping {

namespace {

using model::GpuBind;
using model::GpuSet;

/// Members [first, first + count) of the set, by place.
GpuSet part_of(const GpuSet& set, int first, int count) {
  return set.take(first + count) - set.take(first);
}

/// GPUs that each rank has for itself when the user does not bind them; 0: all see all.
int gpus_of_each(const model::StepSpec& step, const GpuSet& share, int n_ranks) {
  const int asked = step.gpus_per_task.value_or(0);
  if (asked > 0 && std::int64_t{asked} * n_ranks <= share.count()) return asked;
  return share.count() % n_ranks == 0 ? share.count() / n_ranks : 0;
}

/// The GPU of its own that a rank with a view of all is taken to use: that of its LOCAL_RANK.
GpuSet nominal(const GpuSet& share, int rank, int n_ranks) {
  const int n_gpus = share.count();
  return part_of(share, n_ranks <= n_gpus ? rank : rank * n_gpus / n_ranks, 1);
}

base::Result<void> check_gpu_binding(const model::Binding& binding, const GpuSet& share,
                                     int n_ranks) {
  const auto there = base::plural(share.count(), "GPU");
  if (share.empty() && binding.gpu_bind && binding.gpu_bind != GpuBind::none) {
    return base::fail(base::Code::invalid,
                      "--gpu-bind needs GPUs, and the job has none there; ask for them with "
                      "--gpus-per-node or --gpus-per-task when you submit it");
  }
  if (binding.gpu_bind == GpuBind::single &&
      n_ranks > std::int64_t{share.count()} * binding.ranks_per_gpu) {
    return base::fail(
        base::Code::invalid,
        fmt::format(
            "--gpu-bind=single:{} is for {} on the {} that the job has there, and {} are to "
            "run; say single:{}",
            binding.ranks_per_gpu,
            base::plural(std::int64_t{share.count()} * binding.ranks_per_gpu, "rank"), there,
            n_ranks, (n_ranks + share.count() - 1) / share.count()));
  }
  for (const int gpu : binding.gpus) {
    if (gpu < share.count()) continue;
    return base::fail(
        base::Code::invalid,
        fmt::format("--gpu-bind=map_gpu names GPU {}, and the job has {} there; count "
                    "them from 0",
                    gpu, there));
  }
  return {};
}

/// How far the GPU is from the nearest of the cores: 0 in its domain, 1 in its package, 2 beyond.
int distance(const model::Topology& topology, const model::Gpu& gpu, const model::CoreSet& cores) {
  const auto package = packages(topology)[static_cast<std::size_t>(gpu.numa)];
  int nearest = 2;
  for (const int core : cores.members()) {
    const auto& at = topology.cores[static_cast<std::size_t>(core)];
    if (at.numa == gpu.numa) return 0;
    if (package == at.package) nearest = 1;
  }
  return nearest;
}

}  // namespace

base::Result<GpuChoice> choose_gpus(const model::StepSpec& step, const GpuSet& share, int n_ranks) {
  const auto& binding = step.binding;
  if (auto fine = check_gpu_binding(binding, share, n_ranks); !fine) {
    return std::unexpected(std::move(fine).error());
  }
  const int each = binding.gpu_bind ? 0 : gpus_of_each(step, share, n_ranks);
  GpuChoice choice;
  for (int rank = 0; rank < n_ranks; ++rank) {
    std::optional<GpuSet> own;
    if (each > 0) own = part_of(share, rank * each, each);
    if (binding.gpu_bind == GpuBind::single) own = part_of(share, rank / binding.ranks_per_gpu, 1);
    if (binding.gpu_bind == GpuBind::map) {
      const auto turn = static_cast<std::size_t>(rank) % binding.gpus.size();
      own = part_of(share, binding.gpus[turn], 1);
    }
    choice.used.push_back(own ? *own : nominal(share, rank, n_ranks));
    choice.seen.push_back(own ? *std::move(own) : share);
  }
  return choice;
}

base::Result<GpuChoice> deal_gpus(const GpuSet& share, const std::vector<int>& numbers) {
  const auto wanted = std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
  if (wanted > share.count()) {
    return base::fail(base::Code::invalid,
                      fmt::format("the roles need {} on a node, and the job has {} there; ask for "
                                  "them with the job's roles or with --gpus-per-node",
                                  base::plural(wanted, "GPU"), share.count()));
  }
  GpuChoice choice;
  int first = 0;
  for (const int number : numbers) {
    choice.seen.push_back(part_of(share, first, number));
    first += number;
  }
  choice.used = choice.seen;
  return choice;
}

GpuSet closest_gpus(const model::Topology& topology, const GpuSet& share,
                    const model::CoreSet& cores) {
  std::map<int, GpuSet> by_distance;
  for (const int gpu : share.members())
    by_distance[distance(topology, topology.gpus[static_cast<std::size_t>(gpu)], cores)].add(gpu);
  return by_distance.empty() ? GpuSet() : by_distance.begin()->second;
}

}  // namespace mapping
