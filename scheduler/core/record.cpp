#include "scheduler/core/record.h"

#include <algorithm>
#include <iterator>

#include "lib/base/text.h"

namespace scheduler {

namespace {

void add_usage(model::Usage& sum, const Part& part) {
  if (!part.report) return;
  sum.cpu += part.report->usage.cpu;
  sum.memory_peak = std::max(sum.memory_peak, part.report->usage.memory_peak);
  sum.total_peak = std::max(sum.total_peak, part.report->usage.total_peak);
  if (part.report->usage.gpu) model::add_to(sum.gpu, *part.report->usage.gpu);
}

model::StepRecord record_of(model::StepId id, const Step& step) {
  model::StepRecord record{.step = id,
                           .command = base::join(step.spec->arguments, " "),
                           .tasks = step.tasks,
                           .started_at = step.started_at,
                           .ended_at = {},
                           .exit_code = 0,
                           .failure = {},
                           .usage = {},
                           .ranks = {}};
  bool has_ended = true;
  base::Time last{};
  for (const auto& part : step.parts) {
    if (!part.report) {
      has_ended = false;
      continue;
    }
    last = std::max(last, part.report->ended_at);
    record.exit_code = std::max(record.exit_code, part.report->exit_code);
    if (part.report->failure && !record.failure) record.failure = part.report->failure;
    add_usage(record.usage, part);
    const auto& ranks = part.report->ranks;
    record.ranks.insert(record.ranks.end(), ranks.begin(), ranks.end());
  }
  if (has_ended) record.ended_at = last;
  return record;
}

/// The script's launch has watched the GPUs of its node all the time.
void add_step_part(model::Usage& sum, const Part& part, model::NodeId script_node) {
  auto watched = sum.gpu;
  add_usage(sum, part);
  if (part.node == script_node && watched) sum.gpu = std::move(watched);
}

void add_over_time(model::JobRecord& record, const Attempt& attempt, const Part& part) {
  if (!part.report || part.report->series.points.empty()) return;
  const auto share =
      std::ranges::find(attempt.allocation.nodes, part.node, &model::NodeShare::node);
  record.over_time.push_back({.launch = part.report->key,
                              .node = share->name,
                              .cores = share->cores.count(),
                              .gpus = share->gpus.count(),
                              .memory = share->memory,
                              .series = part.report->series});
}

void add_attempt(model::JobRecord& record, const Attempt& attempt) {
  record.allocation = attempt.allocation;
  record.checkpoint_at = attempt.checkpoint_at;
  for (const auto& part : attempt.preparation) {
    add_usage(record.usage, part);
    const auto share =
        std::ranges::find(attempt.allocation.nodes, part.node, &model::NodeShare::node);
    record.prepared.push_back(
        {share->name, part.is_prepared, part.report ? part.report->failure : std::nullopt});
  }
  add_usage(record.usage, attempt.batch);
  add_over_time(record, attempt, attempt.batch);
  for (const auto& [id, step] : attempt.steps) {
    record.steps.push_back(record_of(id, step));
    for (const auto& part : step.parts) {
      add_step_part(record.usage, part, attempt.batch.node);
      add_over_time(record, attempt, part);
    }
  }
}

void add_phase(model::JobRecord& record, const Job& job) {
  if (const auto* running = std::get_if<Running>(&job.phase)) record.started_at = running->since;
  if (const auto* ending = std::get_if<Ending>(&job.phase)) {
    record.started_at = ending->running_since;
    record.ending = ending->why;
  }
  if (const auto* done = std::get_if<Done>(&job.phase)) {
    record.started_at = done->running_since;
    record.ended_at = done->at;
    record.outcome = done->outcome;
  }
}

}  // namespace

model::JobState state_of(const Job& job) {
  if (std::holds_alternative<Waiting>(job.phase)) return model::JobState::waiting;
  if (std::holds_alternative<Starting>(job.phase)) return model::JobState::starting;
  if (std::holds_alternative<Ending>(job.phase)) return model::JobState::ending;
  if (std::holds_alternative<Spread>(job.phase)) return model::JobState::running;
  if (const auto* done = std::get_if<Done>(&job.phase))
    return model::state_of(done->outcome.ending);
  const bool script_ended = !active_attempt(job)->batch.is_live();
  return script_ended ? model::JobState::ending : model::JobState::running;
}

model::JobRecord job_record(const Job& job) {
  model::JobRecord record{.job = job.id,
                          .user = job.user,
                          .name = job.spec->name,
                          .pool = job.spec->pool,
                          .workspace = job.spec->workspace,
                          .class_name = job.spec->class_name,
                          .comment = job.spec->comment,
                          .state = state_of(job),
                          .priority = job.spec->priority,
                          .layout = job.layout,
                          .time_limit = job.spec->time_limit,
                          .script_name = job.spec->script_name,
                          .arguments = job.spec->arguments,
                          .work_dir = job.spec->work_dir,
                          .output = job.spec->output,
                          .error = job.spec->error,
                          .begin = job.spec->begin,
                          .deadline = job.spec->deadline,
                          .dependency = job.spec->dependency,
                          .requeue = job.spec->requeue,
                          .restart = job.spec->restart,
                          .hang_timeout = job.spec->hang_timeout,
                          .grow_after = job.spec->grow_after,
                          .max_evictions = job.spec->max_evictions,
                          .array = job.spec->array,
                          .task = job.task,
                          .tally = job.tasks ? std::optional(job.tasks->tally) : std::nullopt,
                          .choice = job.spec->choice,
                          .preparation = job.spec->preparation,
                          .licenses = job.spec->licenses,
                          .n_running = job.tasks ? static_cast<int>(job.tasks->open.size()) : 0,
                          .submitted_at = job.submitted_at,
                          .changed = job.changed,
                          .attempt = job.attempts,
                          .allocation = {},
                          .started_at = {},
                          .ended_at = {},
                          .checkpoint_at = {},
                          .reason = {},
                          .expected_start = {},
                          .outcome = {},
                          .ending = {},
                          .usage = {},
                          .prepared = {},
                          .steps = {},
                          .earlier = job.earlier,
                          .avoids = avoided_nodes(job),
                          .gpus_idle_since = gpus_idle_since(job),
                          .over_time = {}};
  if (const Attempt* attempt = latest_attempt(job)) add_attempt(record, *attempt);
  add_phase(record, job);
  return record;
}

model::JobRecord task_record(const Job& array, model::JobId job, const model::ArrayTask& task) {
  auto record = job_record(array);
  record.job = job;
  record.task = task;
  record.tally.reset();
  record.n_running = 0;
  record.ended_at.reset();
  record.outcome.reset();
  const bool is_pending = array.tasks->tally.pending.contains(task.index);
  record.state = is_pending ? model::JobState::waiting : model::JobState::cancelled;
  return record;
}

namespace {

/// Of a node that is not simply there.
std::optional<model::NodeState> state_of(model::NodeLife life) {
  switch (life) {
    case model::NodeLife::absent:
    case model::NodeLife::retired:
      return model::NodeState::absent;
    case model::NodeLife::wanted:
      return model::NodeState::wanted;
    case model::NodeLife::starting:
      return model::NodeState::starting;
    case model::NodeLife::preparing:
      return model::NodeState::preparing;
    case model::NodeLife::draining:
      return model::NodeState::draining;
    case model::NodeLife::leaving:
      return model::NodeState::leaving;
    case model::NodeLife::unusable:
      return model::NodeState::unusable;
    case model::NodeLife::up:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

model::NodeRecord node_record(const Node& node) {
  model::NodeState state = node.jobs.empty() ? model::NodeState::idle : model::NodeState::busy;
  if (node.drain)
    state = node.jobs.empty() ? model::NodeState::drained : model::NodeState::draining;
  if (!is_fit(node)) {
    const bool is_preparing = node.condition->fitness == model::Fitness::preparing;
    state = is_preparing ? model::NodeState::preparing : model::NodeState::unusable;
  }
  if (node.eviction) state = model::NodeState::evicted;
  if (node.phase == NodePhase::away) state = model::NodeState::away;
  if (node.phase == NodePhase::lost) state = model::NodeState::lost;
  const bool is_unusable = state == model::NodeState::unusable;
  if (node.provided) state = state_of(node.provided->life).value_or(state);
  if (is_unusable && state == model::NodeState::preparing) state = model::NodeState::unusable;
  model::NodeRecord record{.node = node.id,
                           .info = node.info,
                           .state = state,
                           .since = node.since,
                           .cores_used = node.cores_used,
                           .gpus_used = node.gpus_used,
                           .memory_used = node.memory_used,
                           .jobs = {node.jobs.begin(), node.jobs.end()},
                           .bookings = {},
                           .eviction = {},
                           .drain = {},
                           .condition = {},
                           .suspicions = node.suspicions};
  if (node.undying) record.undying = *node.undying;
  if (!is_fit(node)) record.condition = *node.condition;
  if (node.condition) record.failing = node.condition->gpus;
  std::ranges::copy_if(node.bookings, std::back_inserter(record.bookings),
                       [](const std::string& name) { return !model::is_node_end(name); });
  if (node.eviction)
    record.eviction = {node.eviction->until, node.eviction->cause, node.eviction->by};
  if (node.drain)
    record.drain = {node.drain->since, node.drain->by, node.drain->reason, node.drain->until};
  return record;
}

model::BookingRecord booking_record(const State& state, const StandingBooking& standing) {
  const auto& booking = standing.booking;
  model::BookingRecord record{.name = booking.name,
                              .nodes = {},
                              .start = booking.start,
                              .end = booking.end,
                              .is_maintenance = booking.is_maintenance,
                              .users = booking.users,
                              .workspaces = booking.workspaces,
                              .comment = booking.comment,
                              .by = booking.by.name,
                              .has_begun = standing.has_begun};
  for (const auto node : booking.nodes) record.nodes.push_back(state.nodes.at(node).info.name);
  return record;
}

}  // namespace scheduler
