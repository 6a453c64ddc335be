// Job records and pages of them.

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/model/host_list.h"
#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

void write(const model::Layout& layout, api::Layout& out) {
  if (layout.nodes) out.set_nodes(u32(*layout.nodes));
  out.set_tasks(u32(layout.tasks));
  if (layout.most_tasks_per_node) out.set_most_tasks_per_node(u32(*layout.most_tasks_per_node));
  out.set_cpus_per_task(u32(layout.cpus_per_task));
  out.set_gpus_per_task(u32(layout.gpus_per_task));
  out.set_gpus_per_node(u32(layout.gpus_per_node));
  out.set_memory_per_node_bytes(layout.memory_per_node.count());
  out.set_memory_per_cpu_bytes(layout.memory_per_cpu.count());
  out.set_most_nodes(u32(layout.most_nodes));
  out.set_tasks_per_further(u32(layout.tasks_per_further));
  out.set_whole_nodes(layout.whole_nodes);
}

void write(const model::StepRecord& step, api::StepRecord& out) {
  out.set_step(step.step.number());
  out.set_command(step.command);
  for (const int tasks : step.tasks) out.add_tasks(u32(tasks));
  out.set_by_node(step.by_node);
  wire::write(step.started_at, *out.mutable_started_at());
  if (step.ended_at) wire::write(*step.ended_at, *out.mutable_ended_at());
  out.set_exit_code(step.exit_code);
  if (step.failure) wire::write(*step.failure, *out.mutable_failure());
  wire::write(step.usage, *out.mutable_usage());
  for (const auto& rank : step.ranks) {
    auto& to = *out.add_ranks();
    to.set_rank(u32(rank.rank));
    wire::write(rank.cpu, *to.mutable_cpu());
    to.set_memory_peak_bytes(rank.memory_peak.count());
    if (rank.gpu) wire::write(*rank.gpu, *to.mutable_gpu());
  }
}

void write(const model::AttemptRecord& attempt, api::AttemptRecord& out) {
  out.set_attempt(attempt.attempt);
  out.set_nodes(attempt.nodes);
  out.set_cores(u32(attempt.cores));
  out.set_gpus(u32(attempt.gpus));
  wire::write(attempt.started_at, *out.mutable_started_at());
  wire::write(attempt.ended_at, *out.mutable_ended_at());
  wire::write(attempt.why, *out.mutable_why());
  out.set_memory_bytes(attempt.memory.count());
  if (attempt.checkpoint_at) wire::write(*attempt.checkpoint_at, *out.mutable_checkpoint_at());
  const auto lost = model::lost_time(attempt);
  wire::write(lost, *out.mutable_lost_time());
  out.set_lost_core_seconds(std::chrono::duration<double>(lost).count() * attempt.cores);
}

std::uint32_t n_ended(const model::ArrayTally& tally, model::Ending ending) {
  const auto count = tally.ended.find(ending);
  return count == tally.ended.end() ? 0 : u32(count->second);
}

void write(const model::JobRecord& record, api::Tasks& out) {
  const auto& tally = *record.tally;
  out.set_pending(ranges_text(tally.pending));
  out.set_completed(ranges_text(tally.completed));
  out.set_n_running(u32(record.n_running));
  out.set_n_completed(n_ended(tally, model::Ending::completed));
  out.set_n_failed(n_ended(tally, model::Ending::failed));
  out.set_n_cancelled(n_ended(tally, model::Ending::cancelled));
  out.set_n_timed_out(n_ended(tally, model::Ending::timed_out));
  out.set_n_preempted(n_ended(tally, model::Ending::preempted));
  out.set_n_node_lost(n_ended(tally, model::Ending::node_lost));
}

model::ArrayTally read_tally(const api::Tasks& in, Strict& strict) {
  model::ArrayTally tally{.has_begun = false,
                          .pending = read_tasks(in.pending(), "pending", strict),
                          .completed = read_tasks(in.completed(), "completed", strict),
                          .ended = {},
                          .worst = {},
                          .spread_at = {}};
  using enum model::Ending;
  for (const auto& [ending, count] :
       {std::pair(completed, in.n_completed()), std::pair(failed, in.n_failed()),
        std::pair(cancelled, in.n_cancelled()), std::pair(timed_out, in.n_timed_out()),
        std::pair(node_lost, in.n_node_lost()), std::pair(preempted, in.n_preempted())}) {
    if (count > 0) tally.ended[ending] = strict.count(count, "n_ended");
  }
  return tally;
}

void write(const model::LaunchUsage& usage, api::LaunchUsage& out) {
  out.set_launch(to_text(usage.launch));
  out.set_node(usage.node);
  out.set_cores(u32(usage.cores));
  out.set_gpus(u32(usage.gpus));
  out.set_memory_limit_bytes(usage.memory.count());
  wire::write(usage.series.since, *out.mutable_since());
  wire::write(usage.series.interval, *out.mutable_interval());
  const auto last = usage.series.last;
  if (last > base::Duration()) wire::write(last, *out.mutable_last());
  for (const auto& point : usage.series.points) {
    auto& to = *out.add_points();
    wire::write(point.cpu, *to.mutable_cpu());
    to.set_memory_bytes(point.memory.count());
    to.set_read_bytes(point.read.count());
    to.set_written_bytes(point.written.count());
    if (point.gpu_busy > base::Duration()) wire::write(point.gpu_busy, *to.mutable_gpu_busy());
    to.set_gpu_memory_bytes(point.gpu_memory.count());
  }
}

model::UsagePoint read_usage_point(api::UsagePoint& in, Strict& strict) {
  return {.cpu = strict.part("cpu", in.cpu(), read_duration),
          .memory = base::Bytes(in.memory_bytes()),
          .read = base::Bytes(in.read_bytes()),
          .written = base::Bytes(in.written_bytes()),
          .gpu_busy = strict.part("gpu_busy", in.gpu_busy(), read_duration),
          .gpu_memory = base::Bytes(in.gpu_memory_bytes())};
}

model::LaunchUsage read_launch_usage(api::LaunchUsage& in, Strict& strict) {
  return {
      .launch = read_launch(in.launch(), strict),
      .node = take(in.mutable_node()),
      .cores = strict.count(in.cores(), "cores"),
      .gpus = strict.count(in.gpus(), "gpus"),
      .memory = base::Bytes(in.memory_limit_bytes()),
      .series = {strict.part("since", in.since(), read_time),
                 strict.part("interval", in.interval(), read_duration),
                 strict.each("points", *in.mutable_points(), read_usage_point),
                 in.has_last() ? strict.part("last", in.last(), read_duration) : base::Duration()}};
}

/// What was asked for; and, below, what became of it.
void write_request(const model::JobRecord& record, api::JobRecord& out) {
  out.set_job(record.job.number());
  write_user(record.user, *out.mutable_user());
  out.set_name(record.name);
  out.set_pool(record.pool);
  out.set_workspace(record.workspace);
  out.set_class_(record.class_name);
  out.set_comment(record.comment);
  out.set_state(std::string(to_text(record.state)));
  out.set_priority(record.priority);
  write(record.layout, *out.mutable_layout());
  if (record.time_limit) wire::write(*record.time_limit, *out.mutable_time_limit());
  out.set_script_name(record.script_name);
  for (const auto& argument : record.arguments) out.add_arguments(argument);
  out.set_work_dir(record.work_dir);
  out.set_output(record.output);
  out.set_error(record.error);
  if (record.begin) wire::write(*record.begin, *out.mutable_begin());
  if (record.deadline) wire::write(*record.deadline, *out.mutable_deadline());
  out.set_dependency(to_text(record.dependency));
  out.set_no_requeue(!record.requeue);
  out.set_restart(restart_text(record.restart));
  out.set_hang_timeout(hang_text(record.hang_timeout));
  if (record.max_evictions) out.set_max_evictions(u32(*record.max_evictions));
  if (record.grow_after) wire::write(*record.grow_after, *out.mutable_grow_after());
  out.set_array(array_text(record.array));
  write_task(record.task, out);
  if (record.tally) write(record, *out.mutable_tasks());
  write_choice(record.choice, record.licenses, out);
  write_preparation(record.preparation, out);
}

void write_life(const model::JobRecord& record, api::JobRecord& out) {
  wire::write(record.submitted_at, *out.mutable_submitted_at());
  if (record.changed) {
    wire::write(record.changed->at, *out.mutable_changed_at());
    out.set_changed_by(record.changed->by);
  }
  out.set_attempt(record.attempt);
  write_allocation(record.allocation, *out.mutable_allocation());
  if (record.started_at) wire::write(*record.started_at, *out.mutable_started_at());
  if (record.ended_at) wire::write(*record.ended_at, *out.mutable_ended_at());
  if (record.checkpoint_at) wire::write(*record.checkpoint_at, *out.mutable_checkpoint_at());
  if (record.reason) wire::write(*record.reason, *out.mutable_reason());
  if (record.expected_start) wire::write(*record.expected_start, *out.mutable_expected_start());
  if (record.outcome) wire::write(*record.outcome, *out.mutable_outcome());
  if (record.ending) wire::write(*record.ending, *out.mutable_ending());
  wire::write(record.usage, *out.mutable_usage());
  for (const auto& node : record.prepared) {
    auto& to = *out.add_prepared();
    to.set_node(node.node);
    to.set_is_prepared(node.is_prepared);
    if (node.failure) wire::write(*node.failure, *to.mutable_failure());
  }
  for (const auto& step : record.steps) write(step, *out.add_steps());
  for (const auto& attempt : record.earlier) write(attempt, *out.add_earlier());
  for (const auto& node : record.avoids) out.add_avoids(node);
  if (record.gpus_idle_since) wire::write(*record.gpus_idle_since, *out.mutable_gpus_idle_since());
  for (const auto& launch : record.over_time) write(launch, *out.add_over_time());
  out.set_nodes(model::compress_hosts(model::node_names(record.allocation)));
  out.set_summary(summary_of(record));
}

model::Layout read_layout(api::Layout& in, Strict& strict) {
  model::Layout layout;
  layout.nodes = strict.count_if(in.has_nodes(), in.nodes(), "nodes", 1);
  layout.tasks = strict.count(in.tasks(), "tasks");
  layout.most_tasks_per_node = strict.count_if(in.has_most_tasks_per_node(),
                                               in.most_tasks_per_node(), "most_tasks_per_node");
  layout.cpus_per_task = strict.count(in.cpus_per_task(), "cpus_per_task");
  layout.gpus_per_task = strict.count(in.gpus_per_task(), "gpus_per_task");
  layout.gpus_per_node = strict.count(in.gpus_per_node(), "gpus_per_node");
  layout.memory_per_node = base::Bytes(in.memory_per_node_bytes());
  layout.memory_per_cpu = base::Bytes(in.memory_per_cpu_bytes());
  layout.most_nodes = strict.count(in.most_nodes(), "most_nodes");
  layout.tasks_per_further = strict.count(in.tasks_per_further(), "tasks_per_further");
  layout.whole_nodes = in.whole_nodes();
  return layout;
}

model::Failure read_api_failure(api::Failure& in, Strict& strict) {
  return read_failure(in, strict);
}

model::RankUsage read_rank_usage(api::RankUsage& in, Strict& strict) {
  model::RankUsage usage{.rank = strict.count(in.rank(), "rank"),
                         .cpu = strict.part("cpu", in.cpu(), read_duration),
                         .memory_peak = base::Bytes(in.memory_peak_bytes())};
  if (in.has_gpu()) usage.gpu = strict.part("gpu", *in.mutable_gpu(), read_gpu_use);
  return usage;
}

model::StepRecord read_step(api::StepRecord& in, Strict& strict) {
  model::StepRecord step{
      .step = model::StepId(in.step()),
      .command = take(in.mutable_command()),
      .tasks = {},
      .by_node = in.by_node(),
      .started_at =
          strict.required(in.has_started_at(), "started_at").read(in.started_at(), read_time),
      .ended_at = {},
      .exit_code = in.exit_code(),
      .failure = {},
      .usage = strict.part("usage", *in.mutable_usage(), read_usage),
      .ranks = strict.each("ranks", *in.mutable_ranks(), read_rank_usage)};
  for (const auto tasks : in.tasks()) step.tasks.push_back(strict.count(tasks, "tasks"));
  if (in.has_ended_at()) step.ended_at = strict.part("ended_at", in.ended_at(), read_time);
  if (in.has_failure()) {
    step.failure = strict.part("failure", *in.mutable_failure(), read_api_failure);
  }
  return step;
}

model::NodePreparation read_node_preparation(api::NodePreparation& in, Strict& strict) {
  model::NodePreparation node{take(in.mutable_node()), in.is_prepared(), {}};
  if (in.has_failure())
    node.failure = strict.part("failure", *in.mutable_failure(), read_api_failure);
  return node;
}

model::AttemptRecord read_attempt(api::AttemptRecord& in, Strict& strict) {
  model::AttemptRecord attempt{
      strict.from_one(in.attempt(), "attempt"),
      take(in.mutable_nodes()),
      strict.count(in.cores(), "cores"),
      strict.count(in.gpus(), "gpus"),
      strict.required(in.has_started_at(), "started_at").read(in.started_at(), read_time),
      strict.required(in.has_ended_at(), "ended_at").read(in.ended_at(), read_time),
      strict.required(in.has_why(), "why").read(*in.mutable_why(), read_api_failure),
      base::Bytes(in.memory_bytes()),
      {}};
  if (in.has_checkpoint_at())
    attempt.checkpoint_at = strict.part("checkpoint_at", in.checkpoint_at(), read_time);
  return attempt;
}

void read_request(api::JobRecord& in, Strict& strict, model::JobRecord& record) {
  if (in.has_choice())
    record.choice = strict.part("choice", *in.mutable_choice(), read_choice<api::NodeChoice>);
  record.licenses = read_licenses(in.licenses(), strict);
  record.preparation = read_preparation(in, strict);
  record.name = take(in.mutable_name());
  record.pool = take(in.mutable_pool());
  record.workspace = take(in.mutable_workspace());
  record.class_name = take(in.mutable_class_());
  record.comment = take(in.mutable_comment());
  record.state = strict.named(model::job_state_from_text(in.state()), in.state(), "state");
  record.priority = in.priority();
  record.layout =
      strict.required(in.has_layout(), "layout").read(*in.mutable_layout(), read_layout);
  if (in.has_time_limit()) {
    record.time_limit = strict.part("time_limit", in.time_limit(), read_duration);
  }
  record.script_name = take(in.mutable_script_name());
  for (auto& argument : *in.mutable_arguments()) record.arguments.push_back(std::move(argument));
  record.work_dir = take(in.mutable_work_dir());
  record.output = take(in.mutable_output());
  record.error = take(in.mutable_error());
  if (in.has_begin()) record.begin = strict.part("begin", in.begin(), read_time);
  if (in.has_deadline()) record.deadline = strict.part("deadline", in.deadline(), read_time);
  record.dependency = read_dependency(in.dependency(), strict);
  record.requeue = !in.no_requeue();
  record.restart = read_restart(in.restart(), strict);
  record.hang_timeout = read_hang(in.hang_timeout(), strict);
  record.max_evictions =
      strict.count_if(in.max_evictions() > 0, in.max_evictions(), "max_evictions");
  if (in.has_grow_after())
    record.grow_after = strict.part("grow_after", in.grow_after(), read_duration);
  record.array = read_array(in.array(), strict);
  record.task = read_task(in, strict);
  if (in.has_tasks()) record.tally = strict.part("tasks", in.tasks(), read_tally);
  record.n_running = strict.count(in.tasks().n_running(), "tasks.n_running");
}

void read_life(api::JobRecord& in, Strict& strict, model::JobRecord& record) {
  record.submitted_at =
      strict.required(in.has_submitted_at(), "submitted_at").read(in.submitted_at(), read_time);
  if (in.has_changed_at()) {
    record.changed = model::LastChange{strict.part("changed_at", in.changed_at(), read_time),
                                       take(in.mutable_changed_by())};
  }
  record.attempt = in.attempt();
  record.allocation =
      strict.part("allocation", *in.mutable_allocation(), read_allocation<api::Allocation>);
  if (in.has_started_at()) {
    record.started_at = strict.part("started_at", in.started_at(), read_time);
  }
  if (in.has_ended_at()) record.ended_at = strict.part("ended_at", in.ended_at(), read_time);
  if (in.has_checkpoint_at()) {
    record.checkpoint_at = strict.part("checkpoint_at", in.checkpoint_at(), read_time);
  }
  if (in.has_reason()) record.reason = strict.part("reason", *in.mutable_reason(), read_reason);
  if (in.has_expected_start()) {
    record.expected_start = strict.part("expected_start", in.expected_start(), read_time);
  }
  if (in.has_outcome()) {
    record.outcome = strict.part("outcome", *in.mutable_outcome(), read_outcome<api::Outcome>);
  }
  if (in.has_ending()) {
    record.ending = strict.part("ending", *in.mutable_ending(), read_api_failure);
  }
  record.usage = strict.part("usage", *in.mutable_usage(), read_usage);
  record.prepared = strict.each("prepared", *in.mutable_prepared(), read_node_preparation);
  record.steps = strict.each("steps", *in.mutable_steps(), read_step);
  record.earlier = strict.each("earlier", *in.mutable_earlier(), read_attempt);
  for (auto& node : *in.mutable_avoids()) record.avoids.push_back(std::move(node));
  if (in.has_gpus_idle_since())
    record.gpus_idle_since = strict.part("gpus_idle_since", in.gpus_idle_since(), read_time);
  record.over_time = strict.each("over_time", *in.mutable_over_time(), read_launch_usage);
}

model::JobRecord read_record(api::JobRecord& in, Strict& strict) {
  model::JobRecord record{
      .job = model::JobId(strict.from_one(in.job(), "job")),
      .user =
          strict.required(in.has_user(), "user").read(*in.mutable_user(), read_user<api::User>)};
  read_request(in, strict, record);
  read_life(in, strict, record);
  return record;
}

JobPage read_page(api::JobPage& in, Strict& strict) {
  JobPage page{strict.each("jobs", *in.mutable_jobs(), read_record), {}};
  if (in.has_next()) page.next = model::JobId(in.next());
  return page;
}

std::string place_of(const model::JobRecord& record) {
  auto text = "on " + model::compress_hosts(model::node_names(record.allocation));
  if (record.attempt > 1) text += fmt::format(", attempt {}", record.attempt);
  return text;
}

std::string idle_text(const model::JobRecord& record) {
  if (!record.gpus_idle_since) return {};
  return "; its GPUs have done nothing since " + to_text(*record.gpus_idle_since);
}

std::string end_of(const model::JobRecord& record) {
  if (record.outcome && record.outcome->failure) return describe(*record.outcome->failure);
  std::string text(to_text(record.state));
  if (record.started_at && record.ended_at) {
    text += " after " + base::to_text(*record.ended_at - *record.started_at);
  }
  return text;
}

}  // namespace

std::string summary_of(const model::JobRecord& record) {
  switch (record.state) {
    case model::JobState::waiting:
      return record.reason ? describe(*record.reason) : describe(model::NotConsidered{});
    case model::JobState::starting: {
      const auto waits =
          std::ranges::find(record.prepared, false, &model::NodePreparation::is_prepared);
      if (waits == record.prepared.end()) return "starting " + place_of(record);
      return fmt::format(
          "preparing {}: {} of {} ready", place_of(record).substr(3),
          std::ranges::count(record.prepared, true, &model::NodePreparation::is_prepared),
          base::plural(std::ssize(record.prepared), "node"));
    }
    case model::JobState::running:
      return record.tally ? fmt::format("{} running", base::plural(record.n_running, "task"))
                          : "running " + place_of(record) + idle_text(record);
    case model::JobState::ending:
      return "ending: " + (record.ending ? describe(*record.ending) : "its script has ended");
    case model::JobState::completed:
    case model::JobState::failed:
    case model::JobState::cancelled:
    case model::JobState::timed_out:
    case model::JobState::node_lost:
    case model::JobState::preempted:
      return end_of(record);
  }
  base::check(false, "every job state has a summary");
  return {};
}

std::string to_json(const model::LaunchUsage& usage) {
  api::LaunchUsage out;
  write(usage, out);
  return print_json(out);
}

base::Result<std::vector<model::LaunchUsage>> usage_lines_from_json(std::string_view lines) {
  std::vector<model::LaunchUsage> all;
  for (const auto line : base::split(lines, '\n')) {
    if (line.empty()) continue;
    auto usage =
        from_json<api::LaunchUsage>(line, "a launch", base::Code::corrupt, read_launch_usage);
    if (!usage) return std::unexpected(std::move(usage).error());
    all.push_back(*std::move(usage));
  }
  return all;
}

std::string to_json(const model::JobRecord& record) {
  api::JobRecord out;
  write_request(record, out);
  write_life(record, out);
  return print_json(out);
}

base::Result<model::JobRecord> job_record_from_json(std::string_view json) {
  return from_json<api::JobRecord>(json, "job record", base::Code::corrupt, read_record);
}

std::string job_page_json(std::span<const std::string> records, std::optional<model::JobId> next) {
  const auto end = next ? fmt::format("],\"next\":{}}}", next->number()) : "]}";
  return "{\"jobs\":[" + base::join(records, ",") + end;
}

base::Result<JobPage> job_page_from_json(std::string_view json) {
  return from_json<api::JobPage>(json, "jobs", base::Code::corrupt, read_page);
}

}  // namespace wire
