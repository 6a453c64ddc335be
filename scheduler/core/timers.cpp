#include "scheduler/core/timers.h"

#include <algorithm>

namespace scheduler {

std::optional<base::Time> warn_at(const Job& job) {
  const auto& spec = *job.spec;
  const auto* running = std::get_if<Running>(&job.phase);
  if (running == nullptr || !spec.time_limit || !spec.save_signal ||
      spec.save_signal->before <= base::Duration()) {
    return std::nullopt;
  }
  return running->since + std::max(*spec.time_limit - spec.save_signal->before, base::Duration());
}

std::optional<base::Time> grows_from(const Job& job) {
  const auto* running = std::get_if<Running>(&job.phase);
  const auto& after = job.spec->grow_after;
  if (running == nullptr || !after) return std::nullopt;
  const auto n_nodes = static_cast<int>(running->attempt->allocation.nodes.size());
  if (n_nodes >= job.layout.most_nodes) return std::nullopt;
  const auto from = running->since + *after;
  const auto end = last_end(job);
  return end && *end - from < *after ? std::nullopt : std::optional(from);
}

void note_time_limit(State& state, const Job& job) {
  if (const auto from = grows_from(job)) state.growers[kind_of(job)].emplace(*from, job.id);
  if (const auto end = last_end(job)) state.time_limits.emplace(*end, job.id);
  if (const auto at = warn_at(job)) state.warnings.emplace(*at, job.id);
}

void forget_time_limit(State& state, const Job& job) {
  if (const auto from = grows_from(job)) {
    const auto kind = state.growers.find(kind_of(job));
    kind->second.erase({*from, job.id});
    if (kind->second.empty()) state.growers.erase(kind);
  }
  if (const auto end = last_end(job)) state.time_limits.erase({*end, job.id});
  if (const auto at = warn_at(job)) state.warnings.erase({*at, job.id});
}

void index_end(State& state, const Job& job) {
  const auto end = expected_end(job);
  if (end) add(state.expected_ends, *end, job);
}

void unindex_end(State& state, const Job& job) {
  const auto end = expected_end(job);
  if (end) remove(state.expected_ends, *end, job.id);
}

}  // namespace scheduler
