// GPUs that do nothing, and what the cluster wants done about it.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "lib/base/time.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/ending.h"
#include "scheduler/core/job.h"

namespace scheduler {

namespace {

bool has_gpus(const Attempt& attempt, model::NodeId node) {
  const auto share = std::ranges::find(attempt.allocation.nodes, node, &model::NodeShare::node);
  return share != attempt.allocation.nodes.end() && !share->gpus.empty();
}

model::Failure left_idle(base::Time since, std::string_view action) {
  model::Failure why;
  why.cause = model::Cause::gpu_idle;
  why.text = fmt::format("since {}; [limits] gpu_idle_action is \"{}\"", to_text(since), action);
  return why;
}

}  // namespace

std::optional<base::Time> gpus_idle_since(const Job& job) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr) return std::nullopt;
  std::optional<base::Time> last;
  std::set<model::NodeId> heard;
  bool is_idle = true;
  const auto look = [&](const Part& part) {
    if (!part.is_live() || !has_gpus(*attempt, part.node)) return;
    const auto since = part.gpus_idle_since;
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

std::optional<model::FactBody> end_for_idle_gpus(const Job& job, const Settings& settings,
                                                 base::Time now) {
  if (settings.idle_gpus == IdleGpus::told || !std::holds_alternative<Running>(job.phase))
    return std::nullopt;
  const auto since = gpus_idle_since(job);
  if (!since) return std::nullopt;
  const auto attempt = active_attempt(job)->number;
  if (settings.idle_gpus == IdleGpus::cancelled)
    return model::AttemptEnding{job.id, attempt, left_idle(*since, "cancel")};
  auto why = left_idle(*since, "preempt");
  const auto& its_class = settings.classes.of(job.spec->class_name);
  const auto n_before = n_ended_by(job, model::Cause::preempted);
  if (n_before < its_class.max_preemptions) {
    return model::AttemptPreempted{job.id, attempt, std::nullopt, end_of_grace(job, settings, now),
                                   "its GPUs have done nothing " + why.text};
  }
  why.text += fmt::format(", and max_preemptions of class {} is {}", its_class.name,
                          its_class.max_preemptions);
  return model::AttemptEnding{job.id, attempt, std::move(why)};
}

Decision decide_gpus(const State& state, const Settings& settings, const NodeSaysGpus& said,
                     base::Time now) {
  const auto job = state.jobs.find(said.key.job);
  const Part* part =
      job == state.jobs.end() ? nullptr : find_part(job->second, said.key, said.node);
  if (part == nullptr || !part->is_live()) return {};
  Decision decision;
  if (part->gpus_idle_since != said.idle_since) {
    decision.facts.push_back(model::GpusIdle{said.key, said.node, said.idle_since});
    return decision;
  }
  // Said again after the configuration has changed, maybe.
  if (auto end = end_for_idle_gpus(job->second, settings, now))
    decision.facts.push_back(*std::move(end));
  return decision;
}

}  // namespace scheduler
