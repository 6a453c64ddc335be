#include "scheduler/core/waiting.h"

#include <algorithm>
#include <vector>

#include "scheduler/core/dependency.h"

namespace scheduler {

namespace {

using base::Time;

bool is_singleton(const Job& job) {
  return std::ranges::any_of(job.spec->dependency.terms, [](const auto& term) {
    return term.kind == model::DependencyKind::singleton;
  });
}

/// The earliest of a group that waits.
std::optional<model::JobId> first_of(const State& state, const NamesakeKey& key) {
  const auto group = state.namesakes.find(key);
  if (group == state.namesakes.end() || group->second.waiting.empty()) return std::nullopt;
  return *group->second.waiting.begin();
}

void reindex_singleton(State& state, std::optional<model::JobId> id, Time at) {
  if (!id) return;
  const auto found = state.jobs.find(*id);
  if (found == state.jobs.end() || !is_singleton(found->second)) return;
  reindex(state, found->second, at);
}

void unindex(State& state, Job& job) {
  auto& waiting = std::get<Waiting>(job.phase);
  if (waiting.due) state.due.erase({*waiting.due, job.id});
  waiting.due.reset();
  const auto kind = state.queue.find(kind_of(job));
  if (kind == state.queue.end()) return;
  kind->second.erase(job.id);
  if (kind->second.empty()) state.queue.erase(kind);
}

void index(State& state, Job& job, Time at) {
  auto& waiting = std::get<Waiting>(job.phase);
  if (waiting.held_by) return;
  const auto standing = standing_of(state, job);
  if (standing.is != Standing::Is::met) return;
  const auto due = std::max(waiting.not_before.value_or(at), standing.from);
  if (due > at) {
    waiting.due = due;
    state.due.emplace(due, job.id);
  } else {
    state.queue[kind_of(job)].insert(job.id);
  }
}

}  // namespace

void enter_waiting(State& state, Job& job, Time at) {
  ++state.n_waiting;
  if (job.attempts == 0) {
    for (const auto parent : parents_of(job.spec->dependency))
      state.dependants[parent].insert(job.id);
  }
  if (const auto late = too_late(job)) state.too_late.emplace(*late, job.id);
  change_namesakes(state, job, at);
  index(state, job, at);
}

void leave_waiting(State& state, Job& job) {
  unindex(state, job);
  --state.n_waiting;
  if (const auto late = too_late(job)) state.too_late.erase({*late, job.id});
  for (const auto parent : parents_of(job.spec->dependency)) {
    const auto edges = state.dependants.find(parent);
    if (edges == state.dependants.end()) continue;
    edges->second.erase(job.id);
    if (edges->second.empty()) state.dependants.erase(edges);
  }
}

void reindex(State& state, Job& job, Time at) {
  if (!std::holds_alternative<Waiting>(job.phase)) return;
  unindex(state, job);
  index(state, job, at);
}

void reindex_dependants(State& state, model::JobId parent, Time at) {
  const auto edges = state.dependants.find(parent);
  if (edges == state.dependants.end()) return;
  for (const auto id : edges->second) reindex(state, state.jobs.at(id), at);
}

void change_namesakes(State& state, const Job& job, Time at) {
  const auto key = namesake_key(job);
  const auto before = first_of(state, key);
  auto& group = state.namesakes[key];
  group.waiting.erase(job.id);
  group.active.erase(job.id);
  if (std::holds_alternative<Waiting>(job.phase)) group.waiting.insert(job.id);
  if (active_attempt(job) != nullptr) group.active.insert(job.id);
  if (group.waiting.empty() && group.active.empty()) state.namesakes.erase(key);
  const auto after = first_of(state, key);
  if (before != after) reindex_singleton(state, before, at);
  reindex_singleton(state, after, at);
}

std::optional<model::JobId> namesake_before(const State& state, const Job& job) {
  const auto group = state.namesakes.find(namesake_key(job));
  if (group == state.namesakes.end()) return std::nullopt;
  const auto& [waiting, active] = group->second;
  if (!active.empty()) return *active.begin();
  if (!waiting.empty() && *waiting.begin() < job.id) return *waiting.begin();
  return std::nullopt;
}

std::optional<Time> too_late(const Job& job) {
  if (!job.spec->deadline) return std::nullopt;
  return *job.spec->deadline - job.spec->time_limit.value_or(base::Duration()) + base::Duration(1);
}

}  // namespace scheduler
