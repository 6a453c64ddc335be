#include "scheduler/policy/lane.h"

#include <algorithm>
#include <utility>

#include "scheduler/policy/place.h"

namespace policy {

using base::Time;
using scheduler::Amounts;

Time when_over(Time expected_end, Time now) {
  constexpr base::Duration overdue = std::chrono::seconds(1);
  return std::max(expected_end, now + overdue);
}

Amounts amounts_of(const model::NodeShare& share, const scheduler::Node& node) {
  if (!scheduler::holds_back(node))
    return {.cores = share.cores.count(), .gpus = share.gpus.count(), .memory = share.memory};
  return {.cores = (share.cores - scheduler::held_cores(node)).count(),
          .gpus = (share.gpus - scheduler::held_gpus(node)).count(),
          .memory = share.memory};
}

Amounts usable_of(const scheduler::Node& node) {
  auto usable = scheduler::whole_of(node.kind);
  if (!scheduler::holds_back(node)) return usable;
  return usable -= {.cores = scheduler::held_cores(node).count(),
                    .gpus = scheduler::held_gpus(node).count(),
                    .memory = {}};
}

Amounts amounts_of(const model::Demand& demand) {
  return {.cores = demand.cores, .gpus = demand.gpus, .memory = demand.memory};
}

Lane::Lane(const scheduler::State& state, const scheduler::Node& node, Time now)
    : node_(&node), profile_(now, scheduler::free_amounts(node)) {
  std::vector<std::pair<Time, Amounts>> ends;
  for (const auto id : node.jobs) {
    const auto& job = state.jobs.at(id);
    const auto end = scheduler::expected_end(job);
    if (!end) continue;
    const auto& shares = scheduler::active_attempt(job)->allocation.nodes;
    const auto share = std::ranges::find(shares, node.id, &model::NodeShare::node);
    ends.emplace_back(when_over(*end, now), amounts_of(*share, node));
  }
  std::ranges::sort(ends, {}, &std::pair<Time, Amounts>::first);
  for (const auto& [at, amounts] : ends) profile_.append(at, amounts);
}

model::NodeShare Lane::pick(const model::Demand& demand) {
  const auto& topology = node_->info.topology;
  model::NodeShare share{
      .node = node_->id,
      .name = node_->info.name,
      .tasks = demand.tasks,
      .cores = model::pick_cores(node_->numa_cores, scheduler::free_cores(*node_) - cores_taken_,
                                 demand.cores),
      .gpus = {},
      .memory = demand.memory};
  share.gpus = model::pick_gpus(topology, scheduler::free_gpus(*node_) - gpus_taken_, demand.gpus,
                                share.cores);
  cores_taken_ |= share.cores;
  gpus_taken_ |= share.gpus;
  return share;
}

}  // namespace policy
