#include <algorithm>
#include <iterator>

#include "scheduler/core/decide.h"
#include "scheduler/core/dependency.h"

namespace scheduler {

namespace {

using model::Cause;

/// The failure of the last step that failed, which is what made the script fail as a rule.
const model::Failure* failure_of_steps(const Attempt& attempt) {
  const model::Failure* failure = nullptr;
  base::Time ended{};
  for (const auto& [id, step] : attempt.steps) {
    for (const auto& part : step.parts) {
      if (!part.report || !part.report->failure) continue;
      const bool is_first_of_step = failure == nullptr || failure->step != id;
      const bool is_earlier = !is_first_of_step && part.report->ended_at < ended &&
                              part.report->failure->cause != Cause::peer_lost;
      if (!is_first_of_step && !is_earlier && failure->cause != Cause::peer_lost) continue;
      failure = &*part.report->failure;
      ended = part.report->ended_at;
    }
  }
  return failure;
}

/// What an attempt that was not ended from outside came to.
model::Outcome outcome_of(const Attempt& attempt) {
  const auto& batch = *attempt.batch.report;
  if (!batch.failure)
    return {.ending = model::Ending::completed, .exit_code = batch.exit_code, .failure = {}};
  model::Outcome outcome{.ending = model::Ending::failed,
                         .exit_code = std::max(batch.exit_code, 1),
                         .failure = batch.failure};
  const auto* of_step = failure_of_steps(attempt);
  if (batch.failure->cause == Cause::exit_code && of_step != nullptr) outcome.failure = *of_step;
  if (batch.failure->cause == Cause::node_lost) outcome.ending = model::Ending::node_lost;
  return outcome;
}

model::Outcome outcome_of(const Attempt& attempt, const model::Failure& why) {
  const int code = attempt.batch.report ? attempt.batch.report->exit_code : 0;
  model::Outcome outcome{
      .ending = model::Ending::failed, .exit_code = std::max(code, 1), .failure = why};
  if (why.cause == Cause::cancelled) outcome.ending = model::Ending::cancelled;
  if (why.cause == Cause::time_limit || why.cause == Cause::deadline)
    outcome.ending = model::Ending::timed_out;
  if (why.cause == Cause::node_lost) outcome.ending = model::Ending::node_lost;
  if (why.cause == Cause::preempted) outcome.ending = model::Ending::preempted;
  return outcome;
}

/// When the job may start again after such an end; nullopt: it does not.
std::optional<base::Time> again_from(const Job& job, const Settings& settings, model::Ending ending,
                                     base::Time now) {
  if (!job.spec->requeue) return std::nullopt;
  if (ending == model::Ending::preempted) return now;
  if (ending != model::Ending::node_lost) return std::nullopt;
  if (n_ended_by(job, Cause::node_lost) >= settings.requeue_limit) return std::nullopt;
  return now + settings.requeue_backoff;
}

std::vector<model::FactBody> settle_attempt(const Job& job, const Settings& settings,
                                            base::Time now) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr || has_live_parts(*attempt)) return {};
  const auto* ending = std::get_if<Ending>(&job.phase);
  const auto outcome = ending != nullptr ? outcome_of(*attempt, ending->why) : outcome_of(*attempt);
  if (const auto again = again_from(job, settings, outcome.ending, now))
    return {model::AttemptRequeued{job.id, attempt->number, *again}};
  return {model::JobEnded{job.id, outcome}};
}

void add_all(std::vector<model::FactBody>& facts, std::vector<model::FactBody> more) {
  std::ranges::move(more, std::back_inserter(facts));
}

/// What follows for an array, and for those that depend on it, from the end of some of its tasks.
std::vector<model::FactBody> settle_task(const State& state, const Job& array) {
  auto facts = settle_partly(state, array);
  const auto& tasks = *array.tasks;
  const bool is_over = tasks.tally.pending.empty() && tasks.open.empty();
  if (is_over && !std::holds_alternative<Done>(array.phase))
    facts.push_back(model::JobEnded{array.id, model::outcome_of(tasks.tally)});
  return facts;
}

}  // namespace

std::vector<model::FactBody> settle(const State& state, const Settings& settings,
                                    const model::Fact& fact) {
  const auto id = model::job_of(fact.body);
  const auto job = id ? state.jobs.find(*id) : state.jobs.end();
  if (job == state.jobs.end()) return {};
  if (std::holds_alternative<model::JobEnded>(fact.body)) {
    auto facts = settle_dependants(state, job->second);
    if (job->second.task)
      add_all(facts, settle_task(state, state.jobs.at(job->second.task->array)));
    return facts;
  }
  const bool is_new_request = std::holds_alternative<model::JobSubmitted>(fact.body) ||
                              std::holds_alternative<model::JobUpdated>(fact.body);
  if (is_new_request && job->second.tasks) return settle_pairs(state, job->second);
  if (std::holds_alternative<model::TasksCancelled>(fact.body))
    return settle_task(state, job->second);
  return settle_attempt(job->second, settings, fact.at);
}

}  // namespace scheduler
