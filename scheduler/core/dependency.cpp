#include "scheduler/core/dependency.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scheduler/core/record.h"
#include "scheduler/core/waiting.h"

namespace scheduler {

namespace {

using base::Time;
using model::DependencyKind;
using model::DependencyTerm;
using Is = Standing::Is;

constexpr std::size_t most_open_terms = 8;

/// What is known of a job, or of a task of an array, that others depend on.
struct Parent {
  model::JobState state = model::JobState::waiting;
  std::optional<Time> since;  // of its start, or of an end without
};

Parent as_parent(const model::PastJob& past, std::optional<int> task) {
  if (!task) return {model::state_of(past.ending), past.since};
  return {past.completed.contains(*task) ? model::JobState::completed : model::JobState::failed,
          past.since};
}

Parent as_parent(const Job& job) {
  if (std::holds_alternative<Done>(job.phase)) return as_parent(past_of(job), std::nullopt);
  if (job.tasks) return {state_of(job), job.tasks->tally.spread_at};
  const Attempt* attempt = active_attempt(job);
  // One that waits again has started nevertheless.
  if (attempt == nullptr && !job.earlier.empty())
    return {state_of(job), job.earlier.front().started_at};
  return {state_of(job), attempt != nullptr ? std::optional(attempt->started_at) : std::nullopt};
}

/// Of a task that the state may have dropped.
Parent as_parent(const State& state, const Job& array, int task) {
  const auto& tally = array.tasks->tally;
  if (tally.pending.contains(task)) return {};
  const auto found = state.jobs.find(model::task_job(array.id, array.spec->array->tasks, task));
  if (found != state.jobs.end()) return as_parent(found->second);
  return {tally.completed.contains(task) ? model::JobState::completed : model::JobState::failed,
          array.submitted_at};
}

const model::PastJob* past_parent(const Job& job, model::JobId id) {
  const auto past = job.past.find(id);
  return past == job.past.end() ? nullptr : &past->second;
}

/// nullopt for a job that is unknown, which is so only while the rest of a snapshot is still to be
/// read.
std::optional<Parent> parent_of(const State& state, const Job& job, model::JobId id,
                                std::optional<int> task = std::nullopt) {
  const auto found = state.jobs.find(id);
  if (found == state.jobs.end()) {
    const auto* past = past_parent(job, id);
    return past == nullptr ? std::nullopt : std::optional(as_parent(*past, task));
  }
  const auto& parent = found->second;
  return task && parent.tasks ? as_parent(state, parent, *task) : as_parent(parent);
}

/// The tasks of an array, as far as they concern another one's aftercorr.
struct Pairs {
  model::IndexSet completed;
  model::IndexSet failed;
};

/// nullopt where the parent is no array: then it counts as a whole.
std::optional<Pairs> pairs_of(const State& state, const Job& job, model::JobId id) {
  const auto found = state.jobs.find(id);
  if (found == state.jobs.end()) {
    const auto* past = past_parent(job, id);
    if (past == nullptr || past->tasks.empty()) return std::nullopt;
    return Pairs{past->completed, past->tasks - past->completed};
  }
  const auto& parent = found->second;
  if (!parent.tasks) return std::nullopt;
  const auto& tally = parent.tasks->tally;
  auto failed = parent.spec->array->tasks - tally.pending - tally.completed;
  for (const int open : parent.tasks->open) failed.remove(open);
  return Pairs{tally.completed, std::move(failed)};
}

bool is_pair(const State& state, const Job& job, const DependencyTerm& term) {
  return term.kind == DependencyKind::aftercorr && job.tasks && !term.task &&
         pairs_of(state, job, term.job).has_value();
}

/// Once the parent has ended, the term is met or never will be.
Standing when_ended(const Parent& parent, bool is_wanted) {
  if (!model::is_final(parent.state)) return {.is = Is::open};
  return {.is = is_wanted ? Is::met : Is::never};
}

Standing on_parent(const DependencyTerm& term, const Parent& parent) {
  const bool has_completed = parent.state == model::JobState::completed;
  switch (term.kind) {
    case DependencyKind::after:
      if (!parent.since) return {.is = Is::open};
      if (term.delay == base::Duration()) return {};
      return {.is = Is::met, .from = *parent.since + term.delay};
    case DependencyKind::afterok:
    case DependencyKind::aftercorr:
      return when_ended(parent, has_completed);
    case DependencyKind::afternotok:
      return when_ended(parent, !has_completed);
    case DependencyKind::afterany:
      return when_ended(parent, true);
    case DependencyKind::singleton:
      break;
  }
  return {};
}

Standing standing_of(const State& state, const Job& job, const DependencyTerm& term) {
  if (term.kind == DependencyKind::singleton) {
    return {.is = namesake_before(state, job) ? Is::open : Is::met};
  }
  if (is_pair(state, job, term)) return {};
  const auto parent = parent_of(state, job, term.job, term.task);
  return parent ? on_parent(term, *parent) : Standing{.is = Is::open};
}

/// Each term must be met, the last one decides when.
Standing all_of(const std::vector<Standing>& terms) {
  Standing all;
  for (const auto& term : terms) {
    if (term.is == Is::never) return term;
    if (term.is == Is::open) all.is = Is::open;
    all.from = std::max(all.from, term.from);
  }
  return all;
}

Standing any_of(const std::vector<Standing>& terms) {
  Standing any{.is = Is::never};
  for (const auto& term : terms) {
    const bool is_first_met = term.is == Is::met && any.is != Is::met;
    if (is_first_met || (term.is == Is::met && term.from < any.from)) any = term;
    if (term.is == Is::open && any.is == Is::never) any = term;
  }
  return any;
}

std::string_view ending_words(model::JobState state) {
  if (state == model::JobState::completed) return "has completed";
  if (state == model::JobState::cancelled) return "was cancelled";
  if (state == model::JobState::timed_out) return "has timed out";
  if (state == model::JobState::node_lost) return "has lost its node";
  if (state == model::JobState::preempted) return "was preempted";
  return "has failed";
}

bool has_pairs(const Job& array) {
  return std::ranges::any_of(array.spec->dependency.terms, [](const auto& term) {
    return term.kind == DependencyKind::aftercorr;
  });
}

model::IndexSet startable(const State& state, const Job& array) {
  auto tasks = array.tasks->tally.pending;
  for (const auto& term : array.spec->dependency.terms) {
    if (is_pair(state, array, term)) tasks &= pairs_of(state, array, term.job)->completed;
  }
  return tasks;
}

model::Failure never_starts(std::string why) {
  return {.cause = model::Cause::dependency,
          .code = 0,
          .step = {},
          .rank = {},
          .node = {},
          .text = std::move(why)};
}

/// The tasks that a parent has; nullptr where it is no array.
const model::IndexSet* tasks_of(const State& state, const Job& job, model::JobId parent) {
  const auto found = state.jobs.find(parent);
  if (found != state.jobs.end())
    return found->second.tasks ? &found->second.spec->array->tasks : nullptr;
  const auto* past = past_parent(job, parent);
  return past == nullptr || past->tasks.empty() ? nullptr : &past->tasks;
}

/// The terms that still count.
std::vector<DependencyTerm> terms_of(const Job& job) {
  const bool is_behind = job.task || (job.tasks && job.tasks->tally.has_begun);
  if (is_behind) return {};
  const auto& dependency = job.spec->dependency;
  if (job.attempts == 0) return dependency.terms;
  if (dependency.is_any) return {};
  std::vector<DependencyTerm> terms;
  std::ranges::copy_if(dependency.terms, std::back_inserter(terms),
                       [](const auto& term) { return term.kind == DependencyKind::singleton; });
  return terms;
}

}  // namespace

Standing standing_of(const State& state, const Job& job) {
  const auto terms = terms_of(job);
  if (terms.empty()) return {};
  std::vector<Standing> standings;
  for (const auto& term : terms) standings.push_back(standing_of(state, job, term));
  return job.spec->dependency.is_any ? any_of(standings) : all_of(standings);
}

model::DependsOn open_terms(const State& state, const Job& job) {
  model::DependsOn reason{.is_any = job.spec->dependency.is_any};
  for (const auto& term : terms_of(job)) {
    if (standing_of(state, job, term).is != Is::open) continue;
    ++reason.n_terms;
    if (reason.terms.size() == most_open_terms) continue;
    const auto id = term.kind == DependencyKind::singleton
                        ? namesake_before(state, job).value_or(job.id)
                        : term.job;
    const auto parent = parent_of(state, job, id, term.task);
    reason.terms.push_back({term, id, parent ? parent->state : model::JobState::waiting});
  }
  return reason;
}

int n_startable(const State& state, const Job& array) {
  return has_pairs(array) ? startable(state, array).count() : array.tasks->tally.pending.count();
}

std::optional<int> first_startable(const State& state, const Job& array) {
  return has_pairs(array) ? startable(state, array).first() : array.tasks->tally.pending.first();
}

model::DependsOn open_pairs(const State& state, const Job& array) {
  model::DependsOn reason;
  for (const auto& term : array.spec->dependency.terms) {
    if (!is_pair(state, array, term)) continue;
    const auto parent = parent_of(state, array, term.job);
    reason.terms.push_back({term, term.job, parent->state});
  }
  reason.n_terms = static_cast<int>(reason.terms.size());
  if (reason.terms.size() > most_open_terms)
    reason.terms.erase(reason.terms.begin() + most_open_terms, reason.terms.end());
  return reason;
}

std::vector<model::JobId> parents_of(const model::Dependency& dependency) {
  std::set<model::JobId> parents;
  for (const auto& term : dependency.terms) {
    if (term.kind != DependencyKind::singleton) parents.insert(term.job);
  }
  return {parents.begin(), parents.end()};
}

model::PastJob past_of(const Job& job) {
  const auto& done = std::get<Done>(job.phase);
  return {.job = job.id,
          .ending = done.outcome.ending,
          .since = done.last ? done.last->started_at : done.at,
          .tasks = job.tasks ? job.spec->array->tasks : model::IndexSet(),
          .completed = job.tasks ? job.tasks->tally.completed : model::IndexSet()};
}

base::Result<std::vector<model::PastJob>> past_parents(const State& state,
                                                       const model::Dependency& dependency,
                                                       const std::vector<model::PastJob>& known) {
  std::vector<model::PastJob> past;
  for (const auto parent : parents_of(dependency)) {
    const auto found = state.jobs.find(parent);
    if (found != state.jobs.end()) {
      if (std::holds_alternative<Done>(found->second.phase)) past.push_back(past_of(found->second));
      continue;
    }
    const auto old = std::ranges::find(known, parent, &model::PastJob::job);
    if (old == known.end()) {
      return base::fail(base::Code::not_found, fmt::format("--dependency={}: there is no job {}",
                                                           to_text(dependency), to_text(parent)));
    }
    past.push_back(*old);
  }
  return past;
}

base::Result<void> check_tasks(const State& state, const Job& job) {
  for (const auto& term : job.spec->dependency.terms) {
    const auto* tasks = tasks_of(state, job, term.job);
    const bool is_paired = job.tasks && term.kind == DependencyKind::aftercorr && !term.task;
    auto missing =
        is_paired && tasks != nullptr ? job.spec->array->tasks - *tasks : model::IndexSet();
    if (term.task && (tasks == nullptr || !tasks->contains(*term.task))) missing.add(*term.task);
    if (missing.empty()) continue;
    const auto has = tasks == nullptr ? "is no array"
                                      : fmt::format("has no task {}; its tasks are {}",
                                                    *missing.first(), ranges_text(*tasks));
    return base::fail(base::Code::invalid,
                      fmt::format("--dependency={}: job {} {}", to_text(job.spec->dependency),
                                  to_text(term.job), has));
  }
  return {};
}

std::optional<model::Failure> hopelessness(const State& state, const Job& job) {
  if (standing_of(state, job).is != Is::never) return std::nullopt;
  std::string why;
  for (const auto& term : job.spec->dependency.terms) {
    if (standing_of(state, job, term).is != Is::never) continue;
    const auto parent = parent_of(state, job, term.job, term.task);
    const auto task = term.task ? fmt::format("_{}", *term.task) : "";
    why += fmt::format("{}{}, but job {}{} {}", why.empty() ? "" : "; ", to_text(term),
                       to_text(term.job), task, ending_words(parent->state));
    if (!job.spec->dependency.is_any) break;
  }
  return never_starts(std::move(why));
}

model::FactBody end_waiting(const Job& job, model::Failure why) {
  if (job.tasks) return model::TasksCancelled{job.id, job.tasks->tally.pending, std::move(why)};
  return model::JobEnded{
      job.id, {.ending = model::Ending::cancelled, .exit_code = 1, .failure = std::move(why)}};
}

std::vector<model::FactBody> settle_dependants(const State& state, const Job& ended) {
  std::vector<model::FactBody> facts;
  const auto found = state.dependants.find(ended.id);
  if (found == state.dependants.end()) return facts;
  for (const auto id : found->second) {
    const auto& job = state.jobs.at(id);
    if (auto why = hopelessness(state, job)) {
      facts.push_back(end_waiting(job, std::move(*why)));
    } else {
      facts.push_back(model::ParentEnded{id, past_of(ended)});
    }
  }
  return facts;
}

std::vector<model::FactBody> settle_pairs(const State& state, const Job& array) {
  std::vector<model::FactBody> facts;
  for (const auto& term : array.spec->dependency.terms) {
    if (!is_pair(state, array, term)) continue;
    auto failed = pairs_of(state, array, term.job)->failed & array.tasks->tally.pending;
    if (failed.empty()) continue;
    facts.push_back(model::TasksCancelled{
        array.id, std::move(failed),
        never_starts(fmt::format("{}, but the same task of job {} has not completed", to_text(term),
                                 to_text(term.job)))});
  }
  return facts;
}

std::vector<model::FactBody> settle_partly(const State& state, const Job& array) {
  std::vector<model::FactBody> facts;
  const auto found = state.dependants.find(array.id);
  if (found == state.dependants.end()) return facts;
  for (const auto id : found->second) {
    const auto& job = state.jobs.at(id);
    if (auto why = hopelessness(state, job)) {
      facts.push_back(end_waiting(job, std::move(*why)));
    } else if (job.tasks) {
      std::ranges::move(settle_pairs(state, job), std::back_inserter(facts));
    }
  }
  return facts;
}

}  // namespace scheduler
