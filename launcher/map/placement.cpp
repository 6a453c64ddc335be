#include "launcher/map/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "launcher/map/core_choice.h"
#include "launcher/map/gpu_choice.h"
#include "launcher/map/nic_choice.h"
#include "launcher/map/rank_roles.h"
#include "lib/base/check.h"
#include "lib/base/text.h"

namespace mapping {

namespace {

using model::BindTo;
using model::CoreSet;
using model::CpuSet;

/// What the ranks of one node are placed by.
struct Request {
  const model::Topology& topology;
  const model::NodeShare& share;
  const model::Binding& binding;
  int n_ranks = 0;
  std::vector<int> cores;  // for each rank
};

std::int64_t needed_cores(const Request& request) {
  return std::accumulate(request.cores.begin(), request.cores.end(), std::int64_t{0});
}

std::string too_few_cores(const Request& request) {
  const bool are_alike = std::ranges::count(request.cores, request.cores.front()) ==
                         static_cast<std::ptrdiff_t>(request.cores.size());
  if (!are_alike) {
    return fmt::format("{} with {} together need more than the {} that the job has there",
                       base::plural(request.n_ranks, "rank"),
                       base::plural(needed_cores(request), "core"),
                       base::plural(request.share.cores.count(), "core"));
  }
  return fmt::format("{} of {} each need more than the {} that the job has there",
                     base::plural(request.n_ranks, "rank"),
                     base::plural(request.cores.front(), "core"),
                     base::plural(request.share.cores.count(), "core"));
}

/// Whether what the user said about cores can be done with too few of them.
base::Result<void> check_unbound(const Request& request) {
  const auto& binding = request.binding;
  const bool asks_for_cores = binding.bind_to || binding.map_by || binding.one_thread ||
                              binding.gpu_bind == model::GpuBind::closest ||
                              binding.mem_bind != model::MemBind::none;
  if (!asks_for_cores) return {};
  return base::fail(base::Code::invalid,
                    too_few_cores(request) +
                        ", so that none can be bound; run fewer ranks, or leave out --bind-to, "
                        "--map-by, --cpu-bind, --distribution, --hint, --mem-bind and "
                        "--gpu-bind=closest");
}

bool same_place(const model::Core& a, const model::Core& b, BindTo bind_to) {
  if (bind_to == BindTo::numa) return a.numa == b.numa;
  return a.package == b.package;
}

/// The cores of the share that a rank with these cores of its own may use.
CoreSet widened(const Request& request, const CoreSet& own) {
  const auto bind_to = request.binding.bind_to.value_or(BindTo::core);
  if (bind_to == BindTo::core) return own;
  CoreSet wide;
  for (const int core : request.share.cores.members()) {
    const auto& at = request.topology.cores[static_cast<std::size_t>(core)];
    for (const int mine : own.members()) {
      if (same_place(at, request.topology.cores[static_cast<std::size_t>(mine)], bind_to))
        wide.add(core);
    }
  }
  return wide;
}

CpuSet threads_of(const Request& request, const CoreSet& cores) {
  if (!request.binding.one_thread) return cpus_of(request.topology, cores);
  CpuSet cpus;
  for (const int core : cores.members())
    cpus |= request.topology.cores[static_cast<std::size_t>(core)].cpus.take(1);
  return cpus;
}

model::IndexSet domains_of(const Request& request, const CpuSet& cpus) {
  model::IndexSet domains;
  for (const auto& core : request.topology.cores) {
    const auto numa = static_cast<std::size_t>(core.numa);
    if (numa < request.topology.numa.size() && core.cpus.intersects(cpus))
      domains.add(request.topology.numa[numa].os_index);
  }
  return domains;
}

/// Binds each rank to the hardware threads that the user has listed for it.
base::Result<void> bind_by_list(const Request& request, Placement& placement) {
  const CpuSet there = cpus_of(request.topology, request.share.cores);
  const auto& lists = request.binding.cpus;
  CpuSet used;
  for (std::size_t i = 0; i < placement.ranks.size(); ++i) {
    auto& rank = placement.ranks[i];
    rank.cpus = lists[i % lists.size()];
    if (!there.includes(rank.cpus)) {
      return base::fail(
          base::Code::invalid,
          fmt::format("--cpu-bind puts rank {} on the hardware threads {}, and the job has only {} "
                      "there; name some of these",
                      rank.rank, to_text(rank.cpus), to_text(there)));
    }
    used |= rank.cpus;
  }
  placement.oversubscribed |= used.count() < request.n_ranks;
  return {};
}

/// Binds each rank to cores that are chosen for it.
void bind_to_cores(const Request& request, const GpuChoice& gpus, Placement& placement) {
  const auto cores = choose_cores({.topology = request.topology,
                                   .share = request.share.cores,
                                   .near = gpus.used,
                                   .cores = request.cores,
                                   .map_by = request.binding.map_by});
  for (std::size_t i = 0; i < placement.ranks.size(); ++i) {
    auto& rank = placement.ranks[i];
    rank.cpus = threads_of(request, widened(request, cores[i]));
    if (request.binding.gpu_bind == model::GpuBind::closest)
      rank.gpus = closest_gpus(request.topology, request.share.gpus, cores[i]);
  }
}

base::Result<void> bind(const Request& request, const GpuChoice& gpus, Placement& placement) {
  const bool fits = needed_cores(request) <= request.share.cores.count();
  placement.oversubscribed = request.topology.oversubscribed;
  if (!request.binding.cpus.empty()) return bind_by_list(request, placement);
  if (request.binding.bind_to == BindTo::none) {
    placement.unbound = "as --bind-to=none or --cpu-bind=none asks";
    placement.oversubscribed |= !fits;
    return {};
  }
  if (!fits) {
    placement.unbound = too_few_cores(request);
    placement.oversubscribed = true;
    return check_unbound(request);
  }
  bind_to_cores(request, gpus, placement);
  return {};
}

/// What roles say of GPUs counts. Where they say nothing, ranks that serve get none, and the others
/// are dealt all of them.
base::Result<GpuChoice> gpus_by_role(const Request& request, const model::LaunchOrder& order,
                                     const RankRoles& roles, const std::vector<int>& ranks) {
  if (roles.gpus_of(ranks.front()) && !request.binding.gpu_bind) {
    std::vector<int> numbers;
    for (const int rank : ranks) numbers.push_back(roles.gpus_of(rank).value_or(0));
    return deal_gpus(request.share.gpus, numbers);
  }
  if (std::ranges::none_of(ranks, [&roles](int rank) { return roles.serves(rank); }))
    return choose_gpus(*order.step, request.share.gpus, request.n_ranks);
  const auto n_workers = static_cast<int>(
      std::ranges::count_if(ranks, [&roles](int rank) { return !roles.serves(rank); }));
  GpuChoice all{.seen = std::vector<model::GpuSet>(static_cast<std::size_t>(request.n_ranks)),
                .used = std::vector<model::GpuSet>(static_cast<std::size_t>(request.n_ranks))};
  if (n_workers == 0) return all;
  const auto dealt = choose_gpus(*order.step, request.share.gpus, n_workers);
  if (!dealt) return std::unexpected(dealt.error());
  std::size_t worker = 0;
  for (std::size_t local = 0; local < all.seen.size(); ++local) {
    if (roles.serves(ranks[local])) continue;
    all.seen[local] = dealt->seen[worker];
    all.used[local] = dealt->used[worker++];
  }
  return all;
}

void name_nics(const model::Topology& topology, const GpuChoice& gpus, Placement& placement) {
  std::vector<NicWish> wishes;
  for (std::size_t i = 0; i < placement.ranks.size(); ++i)
    wishes.push_back({.gpus = gpus.used[i], .cpus = placement.ranks[i].cpus});
  const auto chosen = choose_nics(topology, wishes);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i])
      placement.ranks[i].nic = topology.nics[static_cast<std::size_t>(*chosen[i])].name;
  }
}

}  // namespace

model::NodeShare share_of_step(const model::LaunchOrder& order) {
  auto share = order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
  if (!order.step_share) return share;
  share.cores = order.step_share->cores;
  if (!order.step_share->gpus.empty()) share.gpus = order.step_share->gpus;
  return share;
}

int cpus_per_task(const model::LaunchOrder& order) {
  const int n_here = order.tasks[static_cast<std::size_t>(order.node_index)];
  if (order.step->binding.fill && !order.step->cpus_per_task && n_here > 0)
    return std::max(share_of_step(order).cores.count() / n_here, 1);
  return order.step->cpus_per_task.value_or(order.job->shape.cpus_per_task);
}

base::Result<Placement> map_ranks(const model::LaunchOrder& order,
                                  const model::Topology& topology) {
  const auto node = static_cast<std::size_t>(order.node_index);
  base::check(order.step && node < order.tasks.size() && node < order.allocation.nodes.size() &&
                  order.tasks[node] > 0,
              "an order for a step names its tasks on each node of the allocation");
  const RankRoles roles(order);
  const auto ranks = model::deal_ranks(order.tasks, order.step->binding.by_node)[node];
  const auto share = share_of_step(order);
  Request request{.topology = topology,
                  .share = share,
                  .binding = order.step->binding,
                  .n_ranks = order.tasks[node],
                  .cores = {}};
  for (const int rank : ranks) request.cores.push_back(roles.cores_of(rank));
  const auto gpus = gpus_by_role(request, order, roles, ranks);
  if (!gpus) return std::unexpected(gpus.error());

  Placement placement;
  for (int local = 0; local < request.n_ranks; ++local) {
    placement.ranks.push_back({.rank = ranks[static_cast<std::size_t>(local)],
                               .local_rank = local,
                               .gpus = gpus->seen[static_cast<std::size_t>(local)]});
  }
  if (auto bound = bind(request, *gpus, placement); !bound) {
    return std::unexpected(std::move(bound).error());
  }
  for (auto& rank : placement.ranks) rank.numa = domains_of(request, rank.cpus);
  name_nics(topology, *gpus, placement);
  return placement;
}

}  // namespace mapping
