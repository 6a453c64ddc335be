#include "scheduler/core/apply.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/model/host_list.h"
#include "scheduler/core/apply_node.h"
#include "scheduler/core/apply_pool.h"
#include "scheduler/core/ending.h"
#include "scheduler/core/ledger.h"
#include "scheduler/core/next_attempt.h"
#include "scheduler/core/outcome.h"
#include "scheduler/core/preparations.h"
#include "scheduler/core/timers.h"
#include "scheduler/core/waiting.h"

namespace scheduler {

namespace {

using base::Time;

Job& job_at(State& state, model::JobId id) {
  const auto found = state.jobs.find(id);
  base::check(found != state.jobs.end(), "a fact is about a job of the state");
  return found->second;
}

Node& node_at(State& state, model::NodeId id) {
  const auto found = state.nodes.find(id);
  base::check(found != state.nodes.end(), "a fact is about a node of the state");
  return found->second;
}

/// From a map of sets, none of which is empty.
template <class Map, class Key>
void erase_from(Map& sets, const Key& key, model::JobId job) {
  const auto found = sets.find(key);
  if (found == sets.end()) return;
  found->second.erase(job);
  if (found->second.empty()) sets.erase(found);
}

void claim(State& state, model::JobId job, const model::Allocation& allocation, Time at) {
  for (const auto& share : allocation.nodes) {
    auto& node = node_at(state, share.node);
    base::check(!node.cores_used.intersects(share.cores), "a core is used by one job");
    base::check(!node.gpus_used.intersects(share.gpus), "a GPU is used by one job");
    node.cores_used |= share.cores;
    node.gpus_used |= share.gpus;
    node.memory_used += share.memory;
    change(state.ready, node);
    node.jobs.insert(job);
    note_use(state, node, at);
  }
}

void release(State& state, model::JobId job, const model::Allocation& allocation, Time at) {
  for (const auto& share : allocation.nodes) {
    auto& node = node_at(state, share.node);
    node.cores_used -= share.cores;
    node.gpus_used -= share.gpus;
    node.memory_used -= share.memory;
    change(state.ready, node);
    unindex_eviction(state, node);
    node.jobs.erase(job);
    index_eviction(state, node);
    note_use(state, node, at);
  }
}

void claim_licenses(State& state, const Job& job) {
  for (const auto& [name, n] : job.spec->licenses) state.license_holders[name].emplace(job.id, n);
}

void release_licenses(State& state, const Job& job) {
  for (const auto& [name, n] : job.spec->licenses) erase_from(state.license_holders, name, job.id);
}

/// Of an active job, before its nodes change or after.
void count_for_quotas(State& state, const Job& job) {
  if (state.tally.is_empty()) return;
  state.tally.start(job, claims_of(state, active_attempt(job)->allocation));
}

void uncount_for_quotas(State& state, const Job& job) {
  if (state.tally.is_empty()) return;
  state.tally.end(job, claims_of(state, active_attempt(job)->allocation));
}

Owner owner_of(const Job& job) {
  return {job.user.uid, job.spec->workspace};
}

/// What the attempt held until now is charged to its owner.
void charge(State& state, const Job& job, const Attempt& attempt, Time at) {
  const auto owner = owner_of(job);
  state.usage.add(owner, attempt.started_at, at, model::n_cores(attempt.allocation),
                  model::n_gpus(attempt.allocation));
  const auto holding = state.holdings.find(owner);
  holding->second.remove(attempt.allocation, attempt.started_at);
  if (holding->second.n_jobs == 0) state.holdings.erase(holding);
}

/// The job is dropped; what it was charged is kept.
void carry(State& state, const Job& job) {
  const auto owner = owner_of(job);
  for (const auto& attempt : job.earlier) {
    state.usage_dropped.add(owner, attempt.started_at, attempt.ended_at, attempt.cores,
                            attempt.gpus);
  }
  const auto& done = std::get<Done>(job.phase);
  if (!done.last) return;
  state.usage_dropped.add(owner, done.last->started_at, done.at,
                          model::n_cores(done.last->allocation),
                          model::n_gpus(done.last->allocation));
}

/// Takes the attempt out of the phase that holds it, giving its resources back.
Attempt take_attempt(State& state, Job& job, Time at) {
  forget_time_limit(state, job);
  leave_ending(state, job);
  erase_from(state.active_by_class, job.spec->class_name, job.id);
  Attempt* attempt = active_attempt(job);
  base::check(attempt != nullptr, "an attempt that ends was active");
  uncount_for_quotas(state, job);
  release(state, job.id, attempt->allocation, at);
  release_licenses(state, job);
  charge(state, job, *attempt, at);
  unindex_end(state, job);
  --state.n_active;
  return std::move(*attempt);
}

/// Called when a job comes, not when one ends: what has just ended can still be looked at.
void forget_oldest_ended(State& state) {
  while (state.ended.size() > state.jobs_kept) {
    const auto found = state.jobs.find(state.ended.front());
    state.history.forget(found->second);
    state.lifetimes.forget(found->second);
    carry(state, found->second);
    if (!found->second.task)
      state.job_by_token.erase({found->second.user.uid, found->second.spec->token});
    state.jobs.erase(found);
    state.ended.pop_front();
  }
}

void on(State& state, const model::NumbersGiven& fact, Time) {
  state.next_job = std::max(state.next_job, fact.next_job);
  state.next_node = std::max(state.next_node, fact.next_node);
}

void on(State& state, const model::NodeJoined& fact, Time at) {
  auto found = state.nodes.find(fact.node);
  if (found == state.nodes.end()) {
    add_node(state, fact.node, fact.info.name, at);
    found = state.nodes.find(fact.node);
  } else {
    forget_kind(state, found->second);
  }
  auto& node = found->second;
  state.away_since.erase({node.since, node.id});
  for (const auto id : node.jobs) uncount_for_quotas(state, state.jobs.at(id));
  node.info = fact.info;
  note_end(state, node, at);
  node.numa_cores = model::cores_by_numa(node.info.topology);
  for (const auto id : node.jobs) count_for_quotas(state, state.jobs.at(id));
  node.phase = NodePhase::ready;
  node.since = at;
  node.strays = {fact.strays.begin(), fact.strays.end()};
  note_condition(state, node, fact.condition);
  come_up(state, node, at);
  note_kind(state, node);
}

void on(State& state, const model::StrayGone& fact, Time) {
  auto& node = node_at(state, fact.node);
  remove(state.ready, node);
  node.strays.erase(fact.key);
  add(state.ready, node);
}

void on(State& state, const model::NodeAway& fact, Time at) {
  auto& node = node_at(state, fact.node);
  remove(state.ready, node);
  node.phase = NodePhase::away;
  node.since = at;
  state.away_since.emplace(at, node.id);
}

void on(State& state, const model::NodeLost& fact, Time at) {
  auto& node = node_at(state, fact.node);
  state.away_since.erase({node.since, node.id});
  remove(state.ready, node);
  node.phase = NodePhase::lost;
  node.since = at;
  forget_eviction(state, node);
}

void on(State& state, const model::JobSubmitted& fact, Time at) {
  const auto layout = model::resolve(fact.spec->shape);
  base::check(layout.has_value(), "an accepted request makes sense");
  Waiting waiting{.held_by = {}, .not_before = asked_begin(*fact.spec, at), .as_of = at, .due = {}};
  if (fact.spec->hold) waiting.held_by = fact.user.name;
  Job job{.id = fact.job,
          .attempts = 0,
          .submitted_at = at,
          .spec = fact.spec,
          .tasks = {},
          .phase = waiting,
          .user = fact.user,
          .layout = *layout,
          .changed = {},
          .past = {},
          .task = {},
          .earlier = {}};
  state.next_job = std::max(state.next_job, fact.job.next());
  if (const auto& array = fact.spec->array) {
    job.tasks.emplace().tally.pending = array->tasks;
    const auto n_tasks = static_cast<std::uint32_t>(array->tasks.count());
    state.next_job = std::max(state.next_job, model::JobId(fact.job.number() + n_tasks + 1));
  }
  for (const auto& parent : fact.past) job.past.emplace(parent.job, parent);
  if (!fact.spec->token.empty())
    state.job_by_token.emplace(std::pair(fact.user.uid, fact.spec->token), fact.job);
  enter_waiting(state, state.jobs.emplace(fact.job, std::move(job)).first->second);
  forget_oldest_ended(state);
}

void on(State& state, const model::JobHeld& fact, Time) {
  auto& job = job_at(state, fact.job);
  auto& waiting = std::get<Waiting>(job.phase);
  waiting.held_by = fact.by;
  waiting.not_before.reset();
  reindex(state, job);
  state.owed.erase(job.id);
}

void on(State& state, const model::JobReleased& fact, Time at) {
  auto& job = job_at(state, fact.job);
  auto& waiting = std::get<Waiting>(job.phase);
  if (is_held_for_prolog(job)) job.pardoned = job.attempts;
  waiting.held_by.reset();
  waiting.not_before = asked_begin(*job.spec, at);
  waiting.as_of = at;
  reindex(state, job);
}

void on(State& state, const model::AttemptStarted& fact, Time at) {
  auto& job = job_at(state, fact.job);
  base::check(std::holds_alternative<Waiting>(job.phase), "a job that starts was waiting");
  base::check(fact.attempt == job.attempts + 1, "attempts are counted without a gap");
  leave_waiting(state, job);
  claim(state, job.id, fact.allocation, at);
  claim_licenses(state, job);
  job.attempts = fact.attempt;
  std::vector<Part> preparation;
  if (job.spec->preparation.is_wanted() || fact.has_site_programs) {
    for (const auto& share : fact.allocation.nodes)
      preparation.push_back({.node = share.node, .started = false, .report = {}});
  }
  job.phase = Starting{
      Attempt{.number = fact.attempt,
              .allocation = fact.allocation,
              .started_at = at,
              .preparation = std::move(preparation),
              .batch = {.node = fact.allocation.nodes.front().node, .started = false, .report = {}},
              .steps = {},
              .checkpoint_at = {}}};
  index_end(state, job);
  state.active_by_class[job.spec->class_name].insert(job.id);
  state.holdings[owner_of(job)].add(fact.allocation, at);
  count_for_quotas(state, job);
  state.owed.erase(job.id);
  ++state.n_active;
  change_namesakes(state, job);
  reindex_dependants(state, job);
}

void on(State& state, const model::LaunchStarted& fact, Time at) {
  auto& job = job_at(state, fact.key.job);
  Part* part = find_part(job, fact.key, fact.node);
  base::check(part != nullptr, "a launch that starts was ordered");
  part->started = true;
  if (!is_script(fact.key)) return;
  if (auto* starting = std::get_if<Starting>(&job.phase)) {
    unindex_end(state, job);
    job.phase = Running{std::move(starting->attempt), at};
    note_time_limit(state, job);
    index_end(state, job);
  } else if (auto* ending = std::get_if<Ending>(&job.phase)) {
    ending->running_since = at;
  }
}

void on(State& state, const model::LaunchPrepared& fact, Time) {
  Part* part = find_part(job_at(state, fact.key.job), fact.key, fact.node);
  base::check(part != nullptr && part->is_live(), "a node that is prepared was to be");
  part->started = true;
  part->is_prepared = true;
}

void on(State& state, const model::StepStarted& fact, Time at) {
  auto& job = job_at(state, fact.key.job);
  Attempt* attempt = active_attempt(job);
  base::check(attempt != nullptr && fact.key.step, "a step starts inside an attempt");
  Step step{
      .spec = fact.spec, .tasks = fact.tasks, .shares = fact.shares, .started_at = at, .parts = {}};
  for (std::size_t i = 0; i < fact.tasks.size(); ++i) {
    if (fact.tasks[i] == 0) continue;
    step.parts.push_back(
        {.node = attempt->allocation.nodes[i].node, .started = false, .report = {}});
  }
  attempt->steps.emplace(*fact.key.step, std::move(step));
}

void on(State& state, const model::LaunchEnded& fact, Time) {
  Part* part = find_part(job_at(state, fact.report.key.job), fact.report.key, fact.node);
  base::check(part != nullptr && part->is_live(), "a launch ends once");
  part->report = fact.report;
  // A script that ends well where others failed says that it was not the node.
  const bool is_well = is_script(fact.report.key) && !fact.report.failure;
  if (is_well) node_at(state, fact.node).suspicions.clear();
}

void on(State& state, const model::AttemptWarned& fact, Time) {
  const auto& job = job_at(state, fact.job);
  const auto at = warn_at(job);
  base::check(at.has_value(), "an attempt that is warned runs and asked for it");
  state.warnings.erase({*at, job.id});
}

void on(State& state, const model::CheckpointTaken& fact, Time) {
  Attempt* attempt = active_attempt(job_at(state, fact.job));
  base::check(attempt != nullptr, "an attempt that reports a checkpoint is active");
  attempt->checkpoint_at = fact.taken_at;
}

/// Of one node.
base::Bytes most_memory(const model::Allocation& allocation) {
  base::Bytes most;
  for (const auto& share : allocation.nodes) most = std::max(most, share.memory);
  return most;
}

void on(State& state, const model::AttemptRequeued& fact, Time at) {
  auto& job = job_at(state, fact.job);
  const auto* ending = std::get_if<Ending>(&job.phase);
  const bool is_by_ending = ending != nullptr && !ending->is_too_late;
  auto why = is_by_ending ? std::optional(ending->why) : std::nullopt;
  const auto attempt = take_attempt(state, job, at);
  if (!why && attempt.batch.report) why = outcome_of(attempt).failure;
  const auto names = model::node_names(attempt.allocation);
  job.earlier.push_back({.attempt = attempt.number,
                         .nodes = model::compress_hosts(names),
                         .cores = model::n_cores(attempt.allocation),
                         .gpus = model::n_gpus(attempt.allocation),
                         .started_at = attempt.started_at,
                         .ended_at = at,
                         .why = why.value_or(model::Failure{}),
                         .memory = most_memory(attempt.allocation),
                         .checkpoint_at = attempt.checkpoint_at});
  ask_for(job, spec_after(job, job.earlier.back().why, n_ended_by(job, model::Cause::evicted)));
  job.phase = Waiting{.held_by = {}, .not_before = {}, .as_of = at, .due = {}};
  if (fact.not_before > at) std::get<Waiting>(job.phase).not_before = fact.not_before;
  enter_waiting(state, job);
  reindex_dependants(state, job);
}

/// An array stays in the queue until none of its tasks is pending.
void after_pending_change(State& state, Job& array, Time at) {
  const bool is_spread =
      array.tasks->tally.pending.empty() && std::holds_alternative<Waiting>(array.phase);
  if (is_spread) {
    leave_waiting(state, array);
    array.phase = Spread{};
    auto& spread_at = array.tasks->tally.spread_at;
    spread_at = spread_at.value_or(at);
  }
  change_namesakes(state, array);
  reindex(state, array);
  reindex_dependants(state, array);
}

void on(State& state, const model::TaskSplit& fact, Time at) {
  auto& array = job_at(state, fact.task.array);
  base::check(array.tasks.has_value(), "what splits is an array");
  array.tasks->tally.has_begun = true;
  array.tasks->tally.pending.remove(fact.task.index);
  array.tasks->open.insert(fact.task.index);
  Job job{.id = fact.job,
          .attempts = 0,
          .submitted_at = array.submitted_at,
          .spec = array.spec,
          .tasks = {},
          .phase = Waiting{.held_by = {}, .not_before = {}, .as_of = at, .due = {}},
          .user = array.user,
          .layout = array.layout,
          .changed = array.changed,
          .past = {},
          .task = fact.task,
          .earlier = {}};
  enter_waiting(state, state.jobs.emplace(fact.job, std::move(job)).first->second);
  after_pending_change(state, array, at);
  forget_oldest_ended(state);
}

void on(State& state, const model::TasksCancelled& fact, Time at) {
  auto& array = job_at(state, fact.job);
  model::count_cancelled(array.tasks->tally, fact.tasks, fact.why);
  after_pending_change(state, array, at);
}

void on(State& state, const model::ArrayStands& fact, Time at) {
  auto& array = job_at(state, fact.job);
  array.tasks->tally = fact.tally;
  after_pending_change(state, array, at);
}

void count_task(State& state, const Job& job, const model::Outcome& outcome, Time at) {
  auto& array = job_at(state, job.task->array);
  model::count_end(array.tasks->tally, job.task->index, outcome);
  array.tasks->open.erase(job.task->index);
  after_pending_change(state, array, at);
}

void on(State& state, const model::JobEnded& fact, Time at) {
  auto& job = job_at(state, fact.job);
  Done done{.outcome = fact.outcome, .at = at, .last = {}, .running_since = running_since(job)};
  if (std::holds_alternative<Waiting>(job.phase)) {
    leave_waiting(state, job);
  } else if (!std::holds_alternative<Spread>(job.phase)) {
    done.last = take_attempt(state, job, at);
  }
  state.owed.erase(job.id);
  job.phase = std::move(done);
  state.history.learn(job);
  state.lifetimes.learn(job);
  state.ended.push_back(job.id);
  change_namesakes(state, job);
  reindex_dependants(state, job);
  if (job.task) count_task(state, job, fact.outcome, at);
}

void on(State& state, const model::ParentEnded& fact, Time) {
  auto& job = job_at(state, fact.job);
  job.past.insert_or_assign(fact.parent.job, fact.parent);
  reindex(state, job);
}

/// The node is part of a booking from now on, or no longer.
void change_bookings(State& state, model::NodeId id, const std::string& booking, bool is_part) {
  auto& node = node_at(state, id);
  forget_kind(state, node);
  if (is_part) node.bookings.insert(booking);
  if (!is_part) node.bookings.erase(booking);
  note_kind(state, node);
}

void forget_booking(State& state, const std::string& name) {
  const auto found = state.bookings.find(name);
  if (found == state.bookings.end()) return;
  const auto& [booking, has_begun] = found->second;
  state.booking_times.erase({has_begun ? booking.end : booking.start, name});
  for (const auto node : booking.nodes) change_bookings(state, node, name, false);
  state.bookings.erase(found);
}

void on(State& state, const model::BookingMade& fact, Time) {
  const auto& booking = fact.booking;
  forget_booking(state, booking.name);
  state.bookings.emplace(booking.name, StandingBooking{booking, false});
  state.booking_times.emplace(booking.start, booking.name);
  for (const auto node : booking.nodes) change_bookings(state, node, booking.name, true);
}

void on(State& state, const model::BookingBegun& fact, Time) {
  auto& [booking, has_begun] = state.bookings.at(fact.name);
  has_begun = true;
  state.booking_times.erase({booking.start, fact.name});
  state.booking_times.emplace(booking.end, fact.name);
}

void on(State& state, const model::BookingEnded& fact, Time) {
  forget_booking(state, fact.name);
}

void on(State& state, const model::JobUpdated& fact, Time at) {
  apply_update(state, fact, at);
}

template <class Fact>
  requires requires(State& state, const Fact& fact) { apply_pool(state, fact, Time()); }
void on(State& state, const Fact& fact, Time at) {
  apply_pool(state, fact, at);
}

template <class Fact>
  requires requires(State& state, const Fact& fact) { apply_node(state, fact, Time()); }
void on(State& state, const Fact& fact, Time at) {
  apply_node(state, fact, at);
}

void on(State& state, const model::UsageCarried& fact, Time) {
  const Owner owner{fact.uid, fact.workspace};
  const Usage::Day day(std::chrono::floor<std::chrono::days>(fact.since.time_since_epoch()));
  const Amount amount{.core_time = fact.core_time, .gpu_time = fact.gpu_time};
  state.usage.add(owner, day, amount);
  state.usage_dropped.add(owner, day, amount);
}

}  // namespace

void apply(State& state, const model::Fact& fact) {
  std::visit([&](const auto& body) { on(state, body, fact.at); }, fact.body);
}

}  // namespace scheduler
