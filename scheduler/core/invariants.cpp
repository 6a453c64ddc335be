#include "scheduler/core/invariants.h"

#include <fmt/format.h>

namespace scheduler {

namespace {

using Violation = std::optional<std::string>;

struct Used {
  model::CoreSet cores;
  model::GpuSet gpus;
  base::Bytes memory;
  std::set<model::JobId> jobs;
};

/// Adds up what the active attempts hold; a core or GPU met twice is the violation.
Violation add_shares(const Job& job, std::map<model::NodeId, Used>& used) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr) return std::nullopt;
  for (const auto& share : attempt->allocation.nodes) {
    auto& node = used[share.node];
    if (node.cores.intersects(share.cores) || node.gpus.intersects(share.gpus)) {
      return fmt::format("job {} holds cores or GPUs of {} that another job holds", to_text(job.id),
                         share.name);
    }
    node.cores |= share.cores;
    node.gpus |= share.gpus;
    node.memory += share.memory;
    node.jobs.insert(job.id);
  }
  return std::nullopt;
}

Violation check_nodes(const State& state, const std::map<model::NodeId, Used>& used) {
  for (const auto& [id, node] : state.nodes) {
    const auto found = used.find(id);
    const Used expected = found == used.end() ? Used{} : found->second;
    if (node.cores_used != expected.cores || node.gpus_used != expected.gpus ||
        node.memory_used != expected.memory || node.jobs != expected.jobs) {
      return fmt::format("what is in use on {} is not what its jobs hold", node.info.name);
    }
    const bool is_indexed = state.away_since.contains({node.since, id});
    if (is_indexed != (node.phase == NodePhase::away)) {
      return fmt::format("the away index is wrong about {}", node.info.name);
    }
  }
  return std::nullopt;
}

Violation check_ready(const State& state) {
  ReadyNodes expected;
  for (const auto& [id, node] : state.nodes) add(expected, node);
  if (expected == state.ready) return std::nullopt;
  return "the index of the nodes that may take work is not what the nodes say";
}

Violation check_queue(const State& state, const Job& job) {
  const auto* waiting = std::get_if<Waiting>(&job.phase);
  const bool wants_queue = waiting != nullptr && !waiting->held_by && !waiting->not_before;
  const auto kind = state.queue.find(kind_of(job));
  const bool is_queued = kind != state.queue.end() && kind->second.contains(job.id) &&
                         kind->second.at(job.id) == job.submitted_at;
  if (is_queued != wants_queue)
    return fmt::format("the queue is wrong about job {}", to_text(job.id));
  return std::nullopt;
}

Violation check_preemption(const State& state, const Job& job) {
  const auto* ending = std::get_if<Ending>(&job.phase);
  const bool has_grace = ending != nullptr && ending->stop_at;
  if (has_grace && !state.graces.contains({*ending->stop_at, job.id}))
    return fmt::format("the graces lack job {}", to_text(job.id));
  const auto of_class = state.active_by_class.find(job.spec->class_name);
  const bool is_indexed =
      of_class != state.active_by_class.end() && of_class->second.contains(job.id);
  if (is_indexed != (active_attempt(job) != nullptr))
    return fmt::format("the active jobs by class are wrong about job {}", to_text(job.id));
  return std::nullopt;
}

/// Who is owed room waits for it, and those who make room are being ended for it.
Violation check_owed(const State& state) {
  for (const auto& [by, victims] : state.owed) {
    const auto job = state.jobs.find(by);
    if (job == state.jobs.end() || !std::holds_alternative<Waiting>(job->second.phase))
      return fmt::format("job {} is owed room and does not wait", to_text(by));
    for (const auto victim : victims) {
      const auto* ending = std::get_if<Ending>(&state.jobs.at(victim).phase);
      if (ending == nullptr || ending->makes_room_for != by)
        return fmt::format("job {} does not make room for job {}", to_text(victim), to_text(by));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> violation(const State& state) {
  std::map<model::NodeId, Used> used;
  std::size_t n_waiting = 0;
  std::size_t n_active = 0;
  Ends ends;
  for (const auto& [id, job] : state.jobs) {
    if (auto found = add_shares(job, used)) return found;
    if (auto found = check_queue(state, job)) return found;
    if (auto found = check_preemption(state, job)) return found;
    if (const auto end = expected_end(job)) add(ends, *end, job);
    if (id >= state.next_job)
      return fmt::format("job {} has a number that is still to be given", to_text(id));
    if (std::holds_alternative<Waiting>(job.phase)) ++n_waiting;
    if (active_attempt(job) != nullptr) ++n_active;
  }
  if (n_waiting != state.n_waiting || n_active != state.n_active)
    return "the counts of jobs are wrong";
  if (ends != state.expected_ends) return "the expected ends are not those of the jobs";
  if (auto found = check_owed(state)) return found;
  if (auto found = check_ready(state)) return found;
  return check_nodes(state, used);
}

}  // namespace scheduler
