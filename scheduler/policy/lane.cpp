#include "scheduler/policy/lane.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"

namespace policy {

using base::Time;
using scheduler::Amounts;

Time end_of(Time start, base::Duration duration) {
  return duration >= Time::max() - start ? Time::max() : start + duration;
}

Time when_over(Time expected_end, Time now) {
  constexpr base::Duration overdue = std::chrono::seconds(1);
  return std::max(expected_end, now + overdue);
}

Amounts amounts_of(const model::NodeShare& share) {
  return {.cores = share.cores.count(), .gpus = share.gpus.count(), .memory = share.memory};
}

Amounts amounts_of(const model::Demand& demand) {
  return {.cores = demand.cores, .gpus = demand.gpus, .memory = demand.memory};
}

void add(Amounts& sum, const Amounts& more) {
  sum.cores += more.cores;
  sum.gpus += more.gpus;
  sum.memory += more.memory;
}

Lane::Lane(const scheduler::State& state, const scheduler::Node& node, Time now)
    : node_(&node), steps_{{now, scheduler::free_amounts(node)}} {
  std::vector<std::pair<Time, Amounts>> ends;
  for (const auto id : node.jobs) {
    const auto& job = state.jobs.at(id);
    const auto end = scheduler::expected_end(job);
    if (!end) continue;
    const auto& shares = scheduler::active_attempt(job)->allocation.nodes;
    const auto share = std::ranges::find(shares, node.id, &model::NodeShare::node);
    ends.emplace_back(when_over(*end, now), amounts_of(*share));
  }
  std::ranges::sort(ends, {}, &std::pair<Time, Amounts>::first);
  for (const auto& [at, amounts] : ends) {
    if (steps_.back().from != at) steps_.push_back({at, steps_.back().free});
    add(steps_.back().free, amounts);
  }
}

Amounts Lane::least(Time start, Time end) const {
  auto step = std::ranges::upper_bound(steps_, start, {}, &Step::from) - 1;
  auto amount = step->free;
  for (++step; step != steps_.end() && step->from < end; ++step) {
    amount.cores = std::min(amount.cores, step->free.cores);
    amount.gpus = std::min(amount.gpus, step->free.gpus);
    amount.memory = std::min(amount.memory, step->free.memory);
  }
  return amount;
}

std::vector<Time> Lane::changes() const {
  std::vector<Time> times;
  for (const auto& step : steps_) times.push_back(step.from);
  return times;
}

/// The step that begins at `at`, made by cutting the one that holds then.
std::size_t Lane::split(Time at) {
  const auto next = std::ranges::lower_bound(steps_, at, {}, &Step::from);
  const auto place = static_cast<std::size_t>(next - steps_.begin());
  if (next != steps_.end() && next->from == at) return place;
  steps_.insert(next, {at, steps_[place - 1].free});
  return place;
}

std::span<Lane::Step> Lane::steps_between(Time start, Time end) {
  const auto first = split(start);
  const auto last = end == Time::max() ? steps_.size() : split(end);
  return std::span(steps_).subspan(first, last - first);
}

void Lane::take(const Amounts& amounts, Time start, Time end) {
  for (auto& [from, free] : steps_between(start, end)) {
    base::check(free.cores >= amounts.cores && free.gpus >= amounts.gpus, "nothing is taken twice");
    free.cores -= amounts.cores;
    free.gpus -= amounts.gpus;
    free.memory -= amounts.memory;
  }
}

void Lane::give(const Amounts& amounts, Time start, Time end) {
  for (auto& [from, free] : steps_between(start, end)) add(free, amounts);
}

model::NodeShare Lane::pick(const model::Demand& demand) {
  const auto& topology = node_->info.topology;
  model::NodeShare share{
      .node = node_->id,
      .name = node_->info.name,
      .tasks = demand.tasks,
      .cores = pick_cores(topology, scheduler::free_cores(*node_) - cores_taken_, demand.cores),
      .gpus = {},
      .memory = demand.memory};
  share.gpus =
      pick_gpus(topology, scheduler::free_gpus(*node_) - gpus_taken_, demand.gpus, share.cores);
  cores_taken_ |= share.cores;
  gpus_taken_ |= share.gpus;
  return share;
}

}  // namespace policy
