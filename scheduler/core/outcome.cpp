#include "scheduler/core/outcome.h"

#include <algorithm>

namespace scheduler {

namespace {

using model::Cause;

/// The failure of the last step that failed, which is what made the script fail as a rule. Parts
/// that were told to end are not asked: that follows from something else, and which report comes
/// first is chance.
const model::Failure* failure_of_steps(const Attempt& attempt) {
  const model::Failure* failure = nullptr;
  base::Time ended{};
  for (const auto& [id, step] : attempt.steps) {
    for (const auto& part : step.parts) {
      if (!part.report || !part.report->failure) continue;
      if (part.report->failure->cause == Cause::told_to_end) continue;
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

}  // namespace

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
  const int of_preparation = why.cause == Cause::preparation ? why.code : 0;
  const int code = attempt.batch.report ? attempt.batch.report->exit_code : of_preparation;
  model::Outcome outcome{
      .ending = model::Ending::failed, .exit_code = std::max(code, 1), .failure = why};
  if (why.cause == Cause::cancelled || why.cause == Cause::gpu_idle)
    outcome.ending = model::Ending::cancelled;
  if (why.cause == Cause::time_limit || why.cause == Cause::deadline)
    outcome.ending = model::Ending::timed_out;
  if (why.cause == Cause::node_lost) outcome.ending = model::Ending::node_lost;
  if (why.cause == Cause::preempted || why.cause == Cause::grow || why.cause == Cause::evicted ||
      model::is_requeue(why.cause))
    outcome.ending = model::Ending::preempted;
  return outcome;
}

}  // namespace scheduler
