#include "scheduler/core/loss.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "scheduler/core/react.h"

namespace scheduler {

namespace {

constexpr std::string_view no_return = "it did not come back in time";

model::Failure failure_of(model::Cause cause, const Node& node, std::string_view text) {
  return {.cause = cause,
          .code = 0,
          .step = {},
          .rank = {},
          .node = node.info.name,
          .text = std::string(text)};
}

/// A job that can no longer keep its nodes.
std::optional<model::FactBody> end_for_lost_node(const Job& job, const Node& node) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr || std::holds_alternative<Ending>(job.phase)) return std::nullopt;
  return model::AttemptEnding{job.id, attempt->number,
                              failure_of(model::Cause::node_lost, node, no_return)};
}

}  // namespace

model::LaunchReport written_off(const model::LaunchKey& key, const model::Failure& why,
                                base::Time at) {
  model::LaunchReport report{.key = key,
                             .started_at = at,
                             .ended_at = at,
                             .exit_code = 128 + 9,
                             .failure = why,
                             .usage = {},
                             .ranks = {}};
  report.failure->step = key.step;
  if (key.preparation && why.cause == model::Cause::launcher_lost)
    report.failure->cause = model::Cause::preparation;
  return report;
}

std::vector<model::FactBody> write_off(const Job& job, const Node& node, const model::Failure& why,
                                       base::Time at) {
  std::vector<model::FactBody> facts;
  for (const auto& live : live_parts(job)) {
    if (live.part->node == node.id)
      facts.push_back(model::LaunchEnded{node.id, written_off(live.key, why, at)});
  }
  return facts;
}

std::vector<model::FactBody> lose(const State& state, const Node& node, base::Time now) {
  std::vector<model::FactBody> facts{model::NodeLost{node.id}};
  const auto cause = node.eviction ? model::Cause::evicted : model::Cause::node_lost;
  for (const auto id : node.jobs) {
    const auto& job = state.jobs.at(id);
    if (auto ending = end_for_lost_node(job, node)) facts.push_back(std::move(*ending));
    std::ranges::move(write_off(job, node, failure_of(cause, node, no_return), now),
                      std::back_inserter(facts));
  }
  return facts;
}

bool is_alone_with_jobs(const State& state, const Node& node) {
  return std::ranges::all_of(node.jobs, [&](model::JobId id) {
    return std::ranges::all_of(live_parts(state.jobs.at(id)),
                               [&](const LivePart& live) { return live.part->node == node.id; });
  });
}

}  // namespace scheduler
