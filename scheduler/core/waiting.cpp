#include "scheduler/core/waiting.h"

#include <algorithm>
#include <vector>

#include "scheduler/core/dependency.h"

namespace scheduler {

namespace {

bool is_singleton(const Job& job) {
  return std::ranges::any_of(job.spec->dependency.terms, [](const auto& term) {
    return term.kind == model::DependencyKind::singleton;
  });
}

/// The earliest that waits.
std::optional<model::JobId> first_of(const Namesakes& group) {
  if (group.waiting.empty()) return std::nullopt;
  return *group.waiting.begin();
}

void erase_if_empty(State& state, std::map<NamesakeKey, Namesakes>::iterator group) {
  if (group->second.waiting.empty() && group->second.active.empty()) state.namesakes.erase(group);
}

void reindex_singleton(State& state, std::optional<model::JobId> id) {
  if (!id) return;
  const auto found = state.jobs.find(*id);
  if (found == state.jobs.end() || !is_singleton(found->second)) return;
  reindex(state, found->second);
}

/// As many as the limit of the array leaves.
int count_startable(const State& state, const Job& array) {
  const auto n_tasks = n_startable(state, array);
  const auto limit = array.spec->array->most_running;
  if (!limit) return n_tasks;
  const auto n_open = static_cast<int>(array.tasks->open.size());
  return std::clamp(*limit - n_open, 0, n_tasks);
}

bool is_active(const Job& job) {
  return active_attempt(job) != nullptr || std::holds_alternative<Spread>(job.phase) ||
         (job.tasks && !job.tasks->open.empty());
}

void unindex(State& state, Job& job) {
  auto& waiting = std::get<Waiting>(job.phase);
  if (waiting.due) state.due.erase({*waiting.due, job.id});
  waiting.due.reset();
  if (job.tasks) job.tasks->startable = 0;
  state.returned.erase(job.id);
  if (waiting.back) state.back.erase({*waiting.back, job.id});
  waiting.back.reset();
  const auto kind = state.queue.find(kind_of(job));
  if (kind == state.queue.end()) return;
  kind->second.erase(job.id);
  if (kind->second.empty()) state.queue.erase(kind);
}

void index(State& state, Job& job) {
  auto& waiting = std::get<Waiting>(job.phase);
  if (waiting.held_by) return;
  const auto standing = standing_of(state, job);
  if (standing.is != Standing::Is::met) return;
  if (job.tasks) job.tasks->startable = count_startable(state, job);
  if (job.tasks && job.tasks->startable == 0) return;
  const auto due = std::max(waiting.not_before.value_or(waiting.as_of), standing.from);
  if (due > waiting.as_of) {
    waiting.due = due;
    state.due.emplace(due, job.id);
  } else {
    state.queue[kind_of(job)].insert(job.id);
    if (job.attempts == 0) return;
    state.returned.insert(job.id);
    waiting.back = waiting.as_of;
    state.back.emplace(waiting.as_of, job.id);
  }
}

void reindex_edges(State& state, model::JobId parent) {
  const auto edges = state.dependants.find(parent);
  if (edges == state.dependants.end()) return;
  for (const auto id : edges->second) reindex(state, state.jobs.at(id));
}

}  // namespace

void enter_waiting(State& state, Job& job) {
  ++state.n_waiting;
  state.tally.enter_queue(job);
  if (job.attempts == 0 && !job.task) {
    for (const auto parent : parents_of(job.spec->dependency))
      state.dependants[parent].insert(job.id);
  }
  if (const auto late = too_late(job)) state.too_late.emplace(*late, job.id);
  change_namesakes(state, job);
  index(state, job);
}

void leave_waiting(State& state, Job& job) {
  unindex(state, job);
  --state.n_waiting;
  state.tally.leave_queue(job);
  if (const auto late = too_late(job)) state.too_late.erase({*late, job.id});
  for (const auto parent : parents_of(job.spec->dependency)) {
    const auto edges = state.dependants.find(parent);
    if (edges == state.dependants.end()) continue;
    edges->second.erase(job.id);
    if (edges->second.empty()) state.dependants.erase(edges);
  }
}

void leave_namesakes(State& state, const Job& job) {
  const auto group = state.namesakes.find(namesake_key(job));
  if (job.task || group == state.namesakes.end()) return;
  group->second.waiting.erase(job.id);
  group->second.active.erase(job.id);
  const auto first = first_of(group->second);
  erase_if_empty(state, group);
  reindex_singleton(state, first);
}

std::optional<base::Time> asked_begin(const model::JobSpec& spec, base::Time at) {
  return spec.begin && *spec.begin > at ? spec.begin : std::nullopt;
}

void reindex(State& state, Job& job) {
  if (!std::holds_alternative<Waiting>(job.phase)) return;
  unindex(state, job);
  index(state, job);
}

void reindex_dependants(State& state, const Job& parent) {
  reindex_edges(state, parent.id);
  if (parent.task) reindex_edges(state, parent.task->array);
}

void change_namesakes(State& state, const Job& job) {
  if (job.task) return;  // its array stands for it
  const auto found = state.namesakes.try_emplace(namesake_key(job)).first;
  auto& group = found->second;
  const auto before = first_of(group);
  group.waiting.erase(job.id);
  group.active.erase(job.id);
  if (is_active(job)) {
    group.active.insert(job.id);
  } else if (std::holds_alternative<Waiting>(job.phase)) {
    group.waiting.insert(job.id);
  }
  const auto after = first_of(group);
  erase_if_empty(state, found);
  if (before != after) reindex_singleton(state, before);
  reindex_singleton(state, after);
}

std::optional<model::JobId> namesake_before(const State& state, const Job& job) {
  const auto group = state.namesakes.find(namesake_key(job));
  if (group == state.namesakes.end()) return std::nullopt;
  const auto& [waiting, active] = group->second;
  for (const auto other : active) {
    if (other != job.id) return other;
  }
  if (!waiting.empty() && *waiting.begin() < job.id) return *waiting.begin();
  return std::nullopt;
}

std::optional<base::Time> too_late(const Job& job) {
  if (!job.spec->deadline) return std::nullopt;
  return *job.spec->deadline - job.spec->time_limit.value_or(base::Duration()) + base::Duration(1);
}

}  // namespace scheduler
