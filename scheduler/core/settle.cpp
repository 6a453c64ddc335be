#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "scheduler/core/decide.h"
#include "scheduler/core/dependency.h"
#include "scheduler/core/next_attempt.h"
#include "scheduler/core/outcome.h"
#include "scheduler/core/preparations.h"

namespace scheduler {

namespace {

using model::Cause;

/// Restarts that the policy was the cause of.
int n_restarts(const Job& job, const model::RestartPolicy& policy) {
  return static_cast<int>(std::ranges::count_if(job.earlier, [&policy](const auto& attempt) {
    const auto cause = attempt.why.cause;
    return cause != Cause::preempted && cause != Cause::grow && cause != Cause::evicted &&
           cause != Cause::prolog && !model::is_requeue(cause) &&
           (cause != Cause::node_lost || policy.on_node);
  }));
}

/// Whether a user had it start again: the controller's own word, which no report of a launch has.
bool is_by_user(const model::Outcome& outcome) {
  return outcome.ending == model::Ending::preempted && outcome.failure &&
         model::is_requeue(outcome.failure->cause);
}

/// When the job may start again after such an end; nullopt: it does not.
std::optional<base::Time> again_from(const Job& job, const Settings& settings,
                                     const model::Outcome& outcome, base::Time now) {
  // Nothing of the job has run: that it starts again is no second start of it.
  if (outcome.failure && outcome.failure->cause == Cause::prolog)
    return now + settings.requeue_backoff;
  const auto& policy = job.spec->restart;
  if (policy && covers(*policy, outcome)) {
    const int n_before = n_restarts(job, *policy);
    return n_before < policy->most ? std::optional(now + pause_before(*policy, n_before + 1))
                                   : std::nullopt;
  }
  const auto ending = outcome.ending;
  if (is_by_user(outcome)) return now;
  if (!job.spec->requeue) return std::nullopt;
  if (ending == model::Ending::preempted) return now;
  if (ending != model::Ending::node_lost) return std::nullopt;
  if (n_ended_by(job, Cause::node_lost) >= settings.requeue_limit) return std::nullopt;
  return now + settings.requeue_backoff;
}

/// Why the attempt after one that ran out of memory could not have more; nullopt: it can, or need
/// not.
std::optional<std::string> lacks_memory(const View& view, const Policy& policy, const Job& job,
                                        const model::Failure& why) {
  if (!asks_for_more(*job.spec, why)) return std::nullopt;
  const auto spec = spec_after(job, why, 0);
  if (spec->shape == job.spec->shape)
    return "that is the most that memory= of its restart policy lets it ask for";
  const auto layout = model::resolve(spec->shape);
  if (!layout) return layout.error().text;
  // What its request before could not have any more either is no matter of memory.
  if (!policy.admit(view, job.layout, *job.spec)) return std::nullopt;
  auto admitted = policy.admit(view, *layout, *spec);
  if (admitted) admitted = policy.allow(view, job.user, *spec, false);
  return admitted ? std::nullopt : std::optional(admitted.error().text);
}

/// Why a job that was evicted as often as it may be cannot go on; nullopt: it can, or it was not.
std::optional<std::string> lacks_dedicated(const View& view, const Policy& policy, const Job& job,
                                           const model::Failure& why) {
  const auto n = n_ended_by(job, Cause::evicted) + 1;
  if (why.cause != Cause::evicted || !has_had_enough(*job.spec, n)) return std::nullopt;
  const auto counted = fmt::format("--max-evictions={} is reached, and ", *job.spec->max_evictions);
  if (!model::may_use(job.spec->choice.tiers, model::Tier::dedicated))
    return counted + "--tier=" + to_text(job.spec->choice.tiers) + " allows no dedicated nodes";
  const auto spec = spec_after(job, why, n);
  auto admitted = policy.admit(view, job.layout, *spec);
  if (admitted) admitted = policy.allow(view, job.user, *spec, false);
  return admitted ? std::nullopt : std::optional(counted + admitted.error().text);
}

std::vector<model::FactBody> start_again(const Job& job, const Attempt& attempt,
                                         const model::Failure& why, base::Time from) {
  std::vector<model::FactBody> facts{model::AttemptRequeued{job.id, attempt.number, from}};
  if (why.cause == Cause::requeued_held) facts.push_back(model::JobHeld{job.id, why.text});
  return facts;
}

std::vector<model::FactBody> settle_attempt(const View& view, const Policy& policy, const Job& job,
                                            const Settings& settings, base::Time now) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr) return {};
  if (auto failed = failed_preparation(job, *attempt)) return {std::move(*failed)};
  if (auto idle = end_for_idle_gpus(job, settings, now)) return {std::move(*idle)};
  if (has_live_parts(*attempt)) return {};
  const auto* ending = std::get_if<Ending>(&job.phase);
  const bool is_by_ending = ending != nullptr && !ending->is_too_late;
  auto outcome = is_by_ending ? outcome_of(*attempt, ending->why) : outcome_of(*attempt);
  const auto again = again_from(job, settings, outcome, now);
  const auto why = outcome.failure.value_or(model::Failure{});
  auto obstacle = again ? lacks_memory(view, policy, job, why) : std::optional<std::string>();
  if (again && !obstacle) obstacle = lacks_dedicated(view, policy, job, why);
  if (again && !obstacle) {
    auto facts = start_again(job, *attempt, why, *again);
    const bool is_held =
        why.cause == Cause::prolog && n_prolog_failures(job) >= settings.max_prolog_failures;
    if (is_held) facts.emplace_back(model::JobHeld{job.id, std::string(itself)});
    return facts;
  }
  if (obstacle) outcome.ending = model::Ending::failed;
  if (obstacle) outcome.failure->text += "; it does not start again: " + *obstacle;
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

std::vector<model::FactBody> settle(const View& view, const Policy& policy,
                                    const Settings& settings, const model::Fact& fact) {
  const auto& state = view.state;
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
  return settle_attempt(view, policy, job->second, settings, fact.at);
}

}  // namespace scheduler
