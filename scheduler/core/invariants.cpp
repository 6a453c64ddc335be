#include "scheduler/core/invariants.h"

#include <fmt/format.h>

#include <algorithm>

#include "scheduler/core/dependency.h"
#include "scheduler/core/ledger.h"
#include "scheduler/core/step_place.h"
#include "scheduler/core/timers.h"
#include "scheduler/core/waiting.h"

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

/// What live steps have for their own is the job's, and of none twice.
Violation check_own_shares(const Job& job) {
  const Attempt* attempt = active_attempt(job);
  if (attempt == nullptr) return std::nullopt;
  const auto& nodes = attempt->allocation.nodes;
  const auto together = own_shares(*attempt);
  std::vector<int> counted(nodes.size(), 0);
  for (const auto& [id, step] : attempt->steps) {
    for (const auto& part : step.parts) {
      if (step.shares.empty() || !part.is_live()) continue;
      const auto at = std::ranges::find(nodes, part.node, &model::NodeShare::node) - nodes.begin();
      counted[static_cast<std::size_t>(at)] +=
          step.shares[static_cast<std::size_t>(at)].cores.count();
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].cores.includes(together[i].cores) && counted[i] == together[i].cores.count())
      continue;
    return fmt::format("steps of job {} have cores of {} twice, or such as it has not",
                       to_text(job.id), nodes[i].name);
  }
  return std::nullopt;
}

/// Nobody is evicted, or drained for a time, that the indexes know and the nodes do not.
Violation check_closed(const State& state) {
  std::set<std::pair<base::Time, model::NodeId>> evictions;
  std::set<std::pair<base::Time, model::NodeId>> drains;
  for (const auto& [id, node] : state.nodes) {
    if (node.eviction) evictions.emplace(eviction_end(node), id);
    if (node.drain && node.drain->until) drains.emplace(*node.drain->until, id);
    if (!node.eviction) continue;
    for (const auto job : node.jobs) {
      if (!std::holds_alternative<Ending>(state.jobs.at(job).phase))
        return fmt::format("{} is evicted, and job {} is not ended", node.info.name, to_text(job));
    }
  }
  if (evictions != state.evictions) return "the evictions are not those of the nodes";
  if (drains != state.drains) return "the ends of drains are not those of the nodes";
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
  for (const auto& [id, node] : state.nodes) {
    add(expected, node);
    if (state.held_back.contains(id) != holds_back(node))
      return fmt::format("{} is not known for what is held there", node.info.name);
  }
  if (expected == state.ready) return std::nullopt;
  return "the index of the nodes that may take work is not what the nodes say";
}

/// Licenses by what the active jobs hold.
Violation check_licenses(const State& state) {
  std::map<std::string, std::map<model::JobId, int>> expected;
  for (const auto& [id, job] : state.jobs) {
    if (active_attempt(job) == nullptr) continue;
    for (const auto& [name, n] : job.spec->licenses) expected[name].emplace(id, n);
  }
  if (expected == state.license_holders) return std::nullopt;
  return "the holders of licenses are not the jobs that run with them";
}

/// Nodes know the bookings that they are part of, and each booking the next of its times.
Violation check_bookings(const State& state) {
  std::map<model::NodeId, std::set<std::string>> expected;
  std::set<std::pair<base::Time, std::string>> times;
  for (const auto& [name, standing] : state.bookings) {
    const auto& [booking, has_begun] = standing;
    times.emplace(has_begun ? booking.end : booking.start, name);
    for (const auto node : booking.nodes) expected[node].insert(name);
  }
  if (times != state.booking_times) return "the times of bookings are not theirs";
  for (const auto& [id, node] : state.nodes) {
    if (node.bookings != expected[id] ||
        node.kind != kind_of(node.info, node.bookings, node.stays_until))
      return fmt::format("{} does not know its bookings or its kind", node.info.name);
  }
  return std::nullopt;
}

/// Nodes that are not there have no jobs, and pools know where theirs stand.
Violation check_pools(const State& state) {
  using enum model::NodeLife;
  std::map<std::string, Pool> expected;
  for (const auto& [id, node] : state.nodes) {
    const bool is_absent = node.phase == NodePhase::absent;
    if (is_absent && !node.jobs.empty())
      return fmt::format("{} has jobs and is not there", node.info.name);
    if (!node.provided) continue;
    const auto life = node.provided->life;
    const bool may_be_there = life == up || life == draining;
    const bool is_either = life == leaving || life == preparing;
    const bool is_fitting = is_either || is_absent != may_be_there;
    if (!is_fitting) return fmt::format("{} is {}, and is not", node.info.name, to_text(life));
    auto& pool = expected[node.provided->pool];
    pool.by_life[life].insert(id);
    const auto idle_since = node.provided->idle_since;
    if (idle_since && !node.jobs.empty())
      return fmt::format("{} has jobs and is idle", node.info.name);
    if (life == up && idle_since) pool.idle.emplace(*idle_since, id);
  }
  for (const auto& [name, pool] : state.pools) {
    if (pool.by_life != expected[name].by_life || pool.idle != expected[name].idle)
      return fmt::format("pool {} does not know how its nodes stand", name);
  }
  return std::nullopt;
}

Violation check_queue(const State& state, const Job& job) {
  const auto* waiting = std::get_if<Waiting>(&job.phase);
  const bool may_start = waiting != nullptr && !waiting->held_by &&
                         standing_of(state, job).is == Standing::Is::met &&
                         (!job.tasks || job.tasks->startable > 0);
  const bool is_due = waiting != nullptr && waiting->due.has_value();
  const auto kind = state.queue.find(kind_of(job));
  const bool is_queued = kind != state.queue.end() && kind->second.contains(job.id);
  if (is_queued && is_due) return fmt::format("job {} is due and queued", to_text(job.id));
  if ((is_queued || is_due) != may_start)
    return fmt::format("the queue is wrong about job {}", to_text(job.id));
  if (is_due && !state.due.contains({*waiting->due, job.id}))
    return fmt::format("the jobs that start later lack job {}", to_text(job.id));
  return std::nullopt;
}

Violation check_waiting(const State& state, const Job& job) {
  const bool is_waiting = std::holds_alternative<Waiting>(job.phase);
  for (const auto parent : parents_of(job.spec->dependency)) {
    const auto edges = state.dependants.find(parent);
    const bool is_known = edges != state.dependants.end() && edges->second.contains(job.id);
    if (is_known != (is_waiting && job.attempts == 0 && !job.task)) {
      return fmt::format("the dependants of job {} are wrong about job {}", to_text(parent),
                         to_text(job.id));
    }
  }
  if (const auto late = too_late(job)) {
    if (state.too_late.contains({*late, job.id}) != is_waiting)
      return fmt::format("the deadlines are wrong about job {}", to_text(job.id));
  }
  if (is_waiting && standing_of(state, job).is == Standing::Is::never)
    return fmt::format("job {} waits for what can never be", to_text(job.id));
  return std::nullopt;
}

Violation check_namesakes(const State& state, const Job& job) {
  const auto group = state.namesakes.find(namesake_key(job));
  const bool is_waiting = group != state.namesakes.end() && group->second.waiting.contains(job.id);
  const bool is_active = group != state.namesakes.end() && group->second.active.contains(job.id);
  const bool is_there = is_waiting || is_active;
  const bool wants_place = !job.task && !std::holds_alternative<Done>(job.phase);
  if (!job.task && (is_there != wants_place || (is_waiting && is_active))) {
    return fmt::format("the namesakes are wrong about job {}", to_text(job.id));
  }
  return std::nullopt;
}

/// Every task of an array is pending, or a job, or counted.
Violation check_array(const State& state, const Job& job) {
  if (job.task) {
    const auto array = state.jobs.find(job.task->array);
    const bool is_open = !std::holds_alternative<Done>(job.phase);
    if (is_open &&
        (array == state.jobs.end() || !array->second.tasks->open.contains(job.task->index))) {
      return fmt::format("array {} does not know its task {}", to_text(job.task->array),
                         to_text(job.id));
    }
  }
  if (!job.tasks) return std::nullopt;
  const auto& tally = job.tasks->tally;
  const auto n_open = static_cast<int>(job.tasks->open.size());
  int n_ended = 0;
  for (const auto& [ending, count] : tally.ended) n_ended += count;
  if (tally.pending.count() + n_open + n_ended != job.spec->array->tasks.count())
    return fmt::format("the tasks of array {} do not add up", to_text(job.id));
  const bool had_one_limit = !job.changed;  // one that is lowered ends no task
  if (had_one_limit && n_open > job.spec->array->most_running.value_or(n_open))
    return fmt::format("too many tasks of array {} run", to_text(job.id));
  if (tally.pending.empty() == std::holds_alternative<Waiting>(job.phase))
    return fmt::format("array {} waits without tasks, or has some that do not", to_text(job.id));
  const bool is_over = tally.pending.empty() && n_open == 0;
  if (is_over != std::holds_alternative<Done>(job.phase))
    return fmt::format("array {} has not ended with its tasks", to_text(job.id));
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

/// The indexes have what the jobs say, and nothing that was left there by a job that has changed.
Violation check_indexes(const State& state) {
  std::set<std::pair<base::Time, model::JobId>> time_limits;
  std::set<std::pair<base::Time, model::JobId>> too_late_ones;
  std::set<std::pair<base::Time, model::JobId>> due;
  std::map<model::JobId, std::set<model::JobId>> dependants;
  std::size_t n_named = 0;
  for (const auto& [id, job] : state.jobs) {
    if (const auto end = last_end(job)) time_limits.emplace(*end, id);
    if (!job.task && !std::holds_alternative<Done>(job.phase)) ++n_named;
    const auto* waiting = std::get_if<Waiting>(&job.phase);
    if (waiting == nullptr) continue;
    if (const auto late = too_late(job)) too_late_ones.emplace(*late, id);
    if (waiting->due) due.emplace(*waiting->due, id);
    if (job.attempts > 0 || job.task) continue;
    for (const auto parent : parents_of(job.spec->dependency)) dependants[parent].insert(id);
  }
  for (const auto& [at, id] : state.warnings) {
    if (warn_at(state.jobs.at(id)) != at)
      return fmt::format("job {} is to be sent its signal at another time", to_text(id));
  }
  std::size_t n_in_groups = 0;
  for (const auto& [key, group] : state.namesakes)
    n_in_groups += group.waiting.size() + group.active.size();
  if (n_in_groups != n_named) return "the namesakes have jobs by names that they do not have";
  if (time_limits != state.time_limits) return "the time limits are not those of the jobs";
  if (too_late_ones != state.too_late) return "the deadlines are not those of the jobs";
  if (due != state.due) return "the jobs that start later are not those that say so";
  if (dependants != state.dependants) return "the dependants are not those that depend";
  return std::nullopt;
}

/// The queue has no job twice, nor by what it asked for before.
Violation check_whole_queue(const State& state) {
  for (const auto& [kind, jobs] : state.queue) {
    if (jobs.empty()) return "a kind of the queue is empty";
    for (const auto id : jobs) {
      const auto job = state.jobs.find(id);
      if (job == state.jobs.end() || kind_of(job->second) != kind)
        return fmt::format("the queue has job {} among others than its like", to_text(id));
    }
  }
  return std::nullopt;
}

/// What quotas count is what the jobs hold, and which of them wait.
Violation check_tally(const State& state) {
  if (state.tally.is_empty()) return std::nullopt;
  Tally expected(std::make_shared<const Quotas>(state.tally.quotas()));
  for (const auto& [id, job] : state.jobs) {
    if (std::holds_alternative<Waiting>(job.phase)) expected.enter_queue(job);
    if (const auto* attempt = active_attempt(job))
      expected.start(job, claims_of(state, attempt->allocation));
  }
  if (expected == state.tally) return std::nullopt;
  return "what quotas count is not what jobs hold";
}

/// Who is owed room waits for it, and those who make room are being ended for it.
Violation check_owed(const State& state) {
  for (const auto& [by, promise] : state.owed) {
    const auto& victims = promise.victims;
    const auto job = state.jobs.find(by);
    if (job != state.jobs.end() && is_growing(job->second)) {
      if (victims != std::set{by} || promise.nodes.empty())
        return fmt::format("job {} grows, and was not promised where", to_text(by));
      continue;
    }
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

/// Nobody has taken what a job is ended to start again on, which was free then.
Violation check_promised_nodes(const State& state) {
  for (const auto& [id, promise] : state.owed) {
    const auto& job = state.jobs.at(id);
    if (!is_growing(job)) continue;
    const auto layout = model::with_nodes(job.layout, static_cast<int>(promise.nodes.size()));
    const auto least = model::demand_of(layout, layout.tasks / *layout.nodes);
    for (const auto node_id : promise.nodes) {
      const auto& node = state.nodes.at(node_id);
      const auto free = free_amounts(node);
      const bool has_room =
          free.cores >= least.cores && free.gpus >= least.gpus && free.memory >= least.memory;
      if (may_take_work(node) && !node.jobs.contains(id) && !has_room)
        return fmt::format("{} was promised to job {}, and is taken", node.info.name, to_text(id));
    }
  }
  return std::nullopt;
}

/// Those that may grow are indexed by when and what they are.
Violation check_growers(const State& state) {
  std::map<JobKind, std::set<std::pair<base::Time, model::JobId>>> expected;
  for (const auto& [id, job] : state.jobs) {
    if (const auto from = grows_from(job)) expected[kind_of(job)].emplace(*from, id);
    if (is_growing(job) && !state.owed.contains(id))
      return fmt::format("job {} grows, and is owed nothing", to_text(id));
  }
  if (expected == state.growers) return std::nullopt;
  return "the jobs that may grow are not those that say so";
}

}  // namespace

std::optional<std::string> violation(const State& state) {
  std::map<model::NodeId, Used> used;
  std::size_t n_waiting = 0;
  std::size_t n_active = 0;
  Ends ends;
  for (const auto& [id, job] : state.jobs) {
    if (auto found = add_shares(job, used)) return found;
    if (auto found = check_own_shares(job)) return found;
    if (auto found = check_queue(state, job)) return found;
    if (auto found = check_waiting(state, job)) return found;
    if (auto found = check_namesakes(state, job)) return found;
    if (auto found = check_array(state, job)) return found;
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
  if (auto found = check_tally(state)) return found;
  if (auto found = check_owed(state)) return found;
  if (auto found = check_promised_nodes(state)) return found;
  if (auto found = check_growers(state)) return found;
  if (auto found = check_ready(state)) return found;
  if (auto found = check_licenses(state)) return found;
  if (auto found = check_bookings(state)) return found;
  if (auto found = check_pools(state)) return found;
  if (auto found = check_indexes(state)) return found;
  if (auto found = check_whole_queue(state)) return found;
  if (auto found = check_closed(state)) return found;
  return check_nodes(state, used);
}

}  // namespace scheduler
