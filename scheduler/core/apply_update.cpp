#include "lib/base/check.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/next_attempt.h"
#include "scheduler/core/timers.h"
#include "scheduler/core/waiting.h"

namespace scheduler {

namespace {

using base::Time;

std::optional<Time> later_of(std::optional<Time> a, std::optional<Time> b) {
  return a && b ? std::max(a, b) : (a ? a : b);
}

/// A requeue's pause goes on whatever begin time is asked for; a held job has neither.
std::optional<Time> not_before(const Job& job, const model::JobSpec& spec, Time at) {
  const auto& waiting = std::get<Waiting>(job.phase);
  if (waiting.held_by) return std::nullopt;
  const bool is_begin = waiting.not_before == job.spec->begin;
  const auto pause = is_begin ? std::nullopt : waiting.not_before;
  return later_of(pause, asked_begin(spec, at));
}

/// Out of all indexes as it was, into them as it is now.
void update_waiting(State& state, Job& job, const model::JobUpdated& fact,
                    std::shared_ptr<const model::JobSpec> spec, Time at) {
  leave_waiting(state, job);
  leave_namesakes(state, job);
  auto& waiting = std::get<Waiting>(job.phase);
  waiting.not_before = not_before(job, *spec, at);
  waiting.as_of = at;
  if (fact.change->fields.contains(model::ChangedField::dependency)) {
    job.past.clear();
    for (const auto& parent : fact.past) job.past.emplace(parent.job, parent);
  }
  ask_for(job, std::move(spec));
  enter_waiting(state, job);
}

/// One that was sent its signal is sent it again only before a later end.
void update_active(State& state, Job& job, std::shared_ptr<const model::JobSpec> spec, Time at) {
  const auto warned_at = warn_at(job);
  const bool is_warned = warned_at && !state.warnings.contains({*warned_at, job.id});
  forget_time_limit(state, job);
  unindex_end(state, job);
  job.spec = std::move(spec);
  note_time_limit(state, job);
  index_end(state, job);
  const auto next = warn_at(job);
  if (is_warned && next && *next <= at) state.warnings.erase({*next, job.id});
}

}  // namespace

void apply_update(State& state, const model::JobUpdated& fact, Time at) {
  const auto found = state.jobs.find(fact.job);
  base::check(found != state.jobs.end(), "a fact is about a job of the state");
  auto& job = found->second;
  auto spec = std::make_shared<const model::JobSpec>(model::changed(*job.spec, *fact.change));
  if (std::holds_alternative<Waiting>(job.phase)) {
    update_waiting(state, job, fact, std::move(spec), at);
  } else {
    base::check(active_attempt(job) != nullptr, "a job whose request changes waits or runs");
    update_active(state, job, std::move(spec), at);
  }
  job.changed = model::LastChange{at, fact.by};
}

}  // namespace scheduler
