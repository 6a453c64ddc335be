// GPUs that do nothing, and what the cluster wants done about it.

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/time.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/job.h"

namespace scheduler {

namespace {

bool has_gpus(const Attempt& attempt, model::NodeId node) {
  const auto share = std::ranges::find(attempt.allocation.nodes, node, &model::NodeShare::node);
  return share != attempt.allocation.nodes.end() && !share->gpus.empty();
}

/// As if `changed` said what it is about to; nullptr: as things are.
std::optional<base::Time> idle_since(const Job& job, const Part* changed,
                                     std::optional<base::Time> now_says) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr) return std::nullopt;
  std::optional<base::Time> last;
  std::set<model::NodeId> heard;
  bool is_idle = true;
  const auto look = [&](const Part& part) {
    if (!part.is_live() || !has_gpus(*attempt, part.node)) return;
    const auto since = &part == changed ? now_says : part.gpus_idle_since;
    is_idle = is_idle && since.has_value();
    heard.insert(part.node);
    if (since) last = std::max(last.value_or(*since), *since);
  };
  look(attempt->batch);
  for (const auto& [id, step] : attempt->steps) std::ranges::for_each(step.parts, look);
  // Of a node where nothing of it runs just now nobody knows.
  const bool are_all_heard =
      std::ranges::all_of(attempt->allocation.nodes, [&heard](const model::NodeShare& share) {
        return share.gpus.empty() || heard.contains(share.node);
      });
  return is_idle && are_all_heard ? last : std::nullopt;
}

}  // namespace

std::optional<base::Time> gpus_idle_since(const Job& job) {
  return idle_since(job, nullptr, std::nullopt);
}

Decision decide_gpus(const State& state, const Settings& settings, const NodeSaysGpus& said) {
  const auto job = state.jobs.find(said.key.job);
  const Part* part =
      job == state.jobs.end() ? nullptr : find_part(job->second, said.key, said.node);
  if (part == nullptr || !part->is_live()) return {};
  Decision decision;
  if (part->gpus_idle_since != said.idle_since)
    decision.facts.push_back(model::GpusIdle{said.key, said.node, said.idle_since});
  const auto since = idle_since(job->second, part, said.idle_since);
  const bool is_to_end =
      settings.cancels_idle_gpus && since && std::holds_alternative<Running>(job->second.phase);
  if (!is_to_end) return decision;
  model::Failure why;
  why.cause = model::Cause::gpu_idle;
  why.text = "since " + to_text(*since) + "; [limits] gpu_idle_action is \"cancel\"";
  decision.facts.push_back(model::AttemptEnding{said.key.job, said.key.attempt, std::move(why)});
  return decision;
}

}  // namespace scheduler
