#include "scheduler/core/ending.h"

#include <fmt/format.h>

#include <utility>

#include "lib/base/check.h"
#include "scheduler/core/timers.h"

namespace scheduler {

namespace {

using base::Time;

/// Of an attempt that is being ended: it has no more time to save.
void forget_grace(State& state, const Job& job) {
  const auto* ending = std::get_if<Ending>(&job.phase);
  if (ending != nullptr && ending->stop_at) state.graces.erase({*ending->stop_at, job.id});
}

/// From now on the attempt is being ended. One that was already may get another reason, and does
/// not start again on what it was promised then.
Ending& begin_ending(State& state, Job& job, const model::Failure& why, Time at) {
  forget_time_limit(state, job);
  forget_grace(state, job);
  unindex_end(state, job);
  const auto since = running_since(job);
  const auto* before = std::get_if<Ending>(&job.phase);
  auto makes_room_for = before != nullptr ? before->makes_room_for : std::nullopt;
  if (makes_room_for == job.id) {
    state.owed.erase(job.id);
    makes_room_for.reset();
  }
  Attempt* attempt = active_attempt(job);
  base::check(attempt != nullptr, "an attempt that is ended was active");
  const bool had_ended = before != nullptr ? before->is_too_late
                                           : !attempt->batch.is_live() && !has_live_work(*attempt);
  job.phase = Phase(Ending{.attempt = std::move(*attempt),
                           .why = why,
                           .since = at,
                           .running_since = since,
                           .makes_room_for = makes_room_for,
                           .stop_at = {},
                           .is_too_late = had_ended});
  return std::get<Ending>(job.phase);
}

/// The same with the time to save.
void end_with_grace(State& state, Job& job, std::optional<model::JobId> makes_room_for,
                    const model::Failure& why, std::pair<Time, Time> at_and_stop_at) {
  const auto [at, stop_at] = at_and_stop_at;
  auto& ending = begin_ending(state, job, why, at);
  ending.makes_room_for = makes_room_for;
  if (stop_at > at) {
    ending.stop_at = stop_at;
    state.graces.emplace(stop_at, job.id);
  }
  index_end(state, job);
}

model::Failure failure_of(model::Cause cause, std::string text) {
  return {.cause = cause, .code = 0, .step = {}, .rank = {}, .node = {}, .text = std::move(text)};
}

/// Does the job make room for the other, and is not gone yet? One that the state dropped is.
bool makes_room(const State& state, model::JobId job, model::JobId other) {
  const auto found = state.jobs.find(job);
  if (found == state.jobs.end()) return false;
  const auto* ending = std::get_if<Ending>(&found->second.phase);
  return ending != nullptr && ending->makes_room_for == other;
}

}  // namespace

std::optional<Time> running_since(const Job& job) {
  if (const auto* running = std::get_if<Running>(&job.phase)) return running->since;
  if (const auto* ending = std::get_if<Ending>(&job.phase)) return ending->running_since;
  return std::nullopt;
}

base::Time end_of_grace(const Job& job, const Settings& settings, Time now) {
  const Attempt* attempt = active_attempt(job);
  base::check(attempt != nullptr, "a job that makes room is active");
  const bool can_save = job.spec->save_signal && attempt->batch.started;
  return can_save ? now + settings.classes.of(job.spec->class_name).grace : now;
}

void leave_ending(State& state, const Job& job) {
  forget_grace(state, job);
  const auto* ending = std::get_if<Ending>(&job.phase);
  if (ending == nullptr || !ending->makes_room_for) return;
  const auto owed = state.owed.find(*ending->makes_room_for);
  if (owed != state.owed.end()) owed->second.victims.erase(job.id);
}

void on(State& state, const model::AttemptEnding& fact, Time at) {
  auto& job = state.jobs.at(fact.job);
  begin_ending(state, job, fact.why, at);
  index_end(state, job);
}

void on(State& state, const model::AttemptPreempted& fact, Time at) {
  end_with_grace(
      state, state.jobs.at(fact.job), fact.by,
      failure_of(model::Cause::preempted, fact.by ? "for job " + to_text(*fact.by) : fact.cause),
      {at, fact.stop_at});
}

void on(State& state, const model::AttemptEvicted& fact, Time at) {
  auto why = failure_of(model::Cause::evicted, fact.cause);
  why.node = fact.node;
  end_with_grace(state, state.jobs.at(fact.job), {}, why, {at, fact.stop_at});
}

void on(State& state, const model::AttemptGrows& fact, Time at) {
  auto& job = state.jobs.at(fact.job);
  const auto n_nodes = active_attempt(job)->allocation.nodes.size();
  end_with_grace(state, job, job.id,
                 failure_of(model::Cause::grow,
                            fmt::format("from {} to {} nodes", n_nodes, fact.nodes.size())),
                 {at, fact.stop_at});
  state.owed[job.id] = {.victims = {job.id}, .nodes = fact.nodes};
}

void on(State& state, const model::RoomPromised& fact, Time) {
  auto& owed = state.owed[fact.job];
  for (const auto victim : fact.victims) {
    if (makes_room(state, victim, fact.job)) owed.victims.insert(victim);
  }
}

void on(State& state, const model::GraceShortened& fact, Time) {
  auto& job = state.jobs.at(fact.job);
  auto* ending = std::get_if<Ending>(&job.phase);
  base::check(ending != nullptr && ending->stop_at, "a grace that is shortened had begun");
  forget_grace(state, job);
  unindex_end(state, job);
  ending->stop_at = fact.stop_at;
  state.graces.emplace(fact.stop_at, job.id);
  index_end(state, job);
}

void on(State& state, const model::GraceEnded& fact, Time) {
  auto& job = state.jobs.at(fact.job);
  auto* ending = std::get_if<Ending>(&job.phase);
  base::check(ending != nullptr && ending->stop_at, "a grace that ends had begun");
  forget_grace(state, job);
  unindex_end(state, job);
  ending->stop_at.reset();
  index_end(state, job);
}

}  // namespace scheduler
