#include "scheduler/core/preparations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <string>
#include <utility>

#include "lib/base/text.h"

namespace scheduler {

namespace {

using model::Cause;

constexpr std::size_t most_reason = 300;

bool is_of_prolog(const model::LaunchReport& report) {
  return report.failure && report.failure->cause == Cause::prolog;
}

/// In a row, the last of them.
int n_attempts_ended_by_prolog(const Job& job) {
  int n = 0;
  for (const auto& attempt : job.earlier | std::views::reverse) {
    if (attempt.why.cause != Cause::prolog || attempt.attempt <= job.pardoned) break;
    ++n;
  }
  return n;
}

model::FactBody ending_of(const Job& job, const Attempt& attempt, model::NodeId node,
                          std::optional<model::Failure> why) {
  if (!why) {
    const auto share = std::ranges::find(attempt.allocation.nodes, node, &model::NodeShare::node);
    why = model::Failure{.cause = Cause::preparation,
                         .code = 0,
                         .step = {},
                         .rank = {},
                         .node = share->name,
                         .text = "it was ended before the job"};
  }
  return model::AttemptEnding{job.id, attempt.number, std::move(*why)};
}

}  // namespace

bool has_site_programs(const State& state, const Settings& settings,
                       const model::Allocation& allocation) {
  if (settings.site_programs.empty()) return false;
  return std::ranges::any_of(allocation.nodes, [&](const auto& share) {
    return settings.site_programs.contains(state.nodes.at(share.node).info.pool);
  });
}

int n_prolog_failures(const Job& job) {
  std::ptrdiff_t n = n_attempts_ended_by_prolog(job);
  if (const Attempt* attempt = active_attempt(job)) {
    n += std::ranges::count_if(attempt->preparation, [](const Part& part) {
      return part.report && is_of_prolog(*part.report);
    });
  }
  return static_cast<int>(n);
}

bool is_held_for_prolog(const Job& job) {
  const auto* waiting = std::get_if<Waiting>(&job.phase);
  const bool is_by_us = waiting != nullptr && waiting->held_by == itself;
  return is_by_us && !job.earlier.empty() && job.earlier.back().why.cause == Cause::prolog;
}

std::string why_held(const Job& job) {
  if (!is_held_for_prolog(job)) return {};
  const std::int64_t n = n_attempts_ended_by_prolog(job);
  return fmt::format("it could not start in {}, at last because {}", base::plural(n, "attempt"),
                     describe(job.earlier.back().why));
}

std::optional<model::FactBody> failed_preparation(const Job& job, const Attempt& attempt) {
  if (std::holds_alternative<Ending>(job.phase) || !attempt.batch.is_live()) return std::nullopt;
  const auto ended = std::ranges::find_if_not(attempt.preparation, &Part::is_live);
  if (ended == attempt.preparation.end()) return std::nullopt;
  return ending_of(job, attempt, ended->node, ended->report->failure);
}

std::vector<model::FactBody> failed_early(const Job& job, model::NodeId node,
                                          const model::LaunchReport& report) {
  const Attempt* attempt = active_attempt(job);
  const bool is_early = attempt != nullptr && attempt->number == report.key.attempt &&
                        attempt->batch.is_live() && !std::holds_alternative<Ending>(job.phase);
  if (!is_early) return {};
  return {ending_of(job, *attempt, node, report.failure)};
}

std::vector<model::FactBody> drain_for_site(const Settings& settings, const Node& node,
                                            const Job* job, const model::LaunchReport& report) {
  if (node.drain) return {};
  std::string reason;
  const int n_before = job == nullptr ? 0 : n_prolog_failures(*job);
  // That of a single node is the node's.
  const bool is_of_node = n_before == 0 || n_before + 1 < settings.max_prolog_failures;
  if (is_of_prolog(report) && is_of_node) {
    reason =
        fmt::format("prolog of job {} failed: {}", to_text(report.key.job), report.failure->text);
  } else if (!report.epilog_fault.empty()) {
    reason =
        fmt::format("epilog of job {} failed: {}", to_text(report.key.job), report.epilog_fault);
  }
  if (reason.empty()) return {};
  return {model::NodeDrained{.node = node.id,
                             .by = std::string(itself),
                             .reason = base::printable(reason, most_reason),
                             .until = {}}};
}

}  // namespace scheduler
