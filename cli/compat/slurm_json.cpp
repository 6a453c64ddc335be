#include "cli/compat/slurm_json.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"

namespace compat {

namespace {

using Json = nlohmann::ordered_json;

/// A number that may be absent or without limit.
Json number(std::optional<std::int64_t> value, bool is_infinite = false) {
  return {{"set", value.has_value()}, {"infinite", is_infinite}, {"number", value.value_or(0)}};
}

Json seconds(const std::optional<base::Time>& time) {
  return number(time ? std::optional(base::to_us(*time) / 1'000'000) : 0);
}

std::int64_t whole_seconds(const std::optional<base::Time>& time) {
  return time ? base::to_us(*time) / 1'000'000 : 0;
}

Json minutes(const std::optional<base::Duration>& limit) {
  return limit ? number(*limit / std::chrono::minutes(1)) : number({}, true);
}

Json exit_of(const ExitStatus& status) {
  const char* word = status.signal != 0 ? "SIGNALED" : status.code != 0 ? "ERROR" : "SUCCESS";
  return {{"status", Json::array({word})},
          {"return_code", number(status.code)},
          {"signal", {{"id", number(status.signal)}, {"name", ""}}}};
}

Json resources(const model::JobRecord& job) {
  Json nodes = Json::array();
  for (const auto& share : job.allocation.nodes) {
    nodes.push_back({{"nodename", share.name},
                     {"cpus_used", share.cores.count()},
                     {"memory_used", share.memory.count() / (1024 * base::kib)}});
  }
  return {{"nodes", node_list(job)},
          {"allocated_cores", model::n_cores(job.allocation)},
          {"allocated_hosts", job.allocation.nodes.size()},
          {"allocated_nodes", std::move(nodes)}};
}

void add_request(const model::JobRecord& job, Json& out) {
  out["partition"] = partition_of(job);
  out["account"] = job.workspace;
  out["qos"] = or_else(job.class_name, "normal");
  out["time_limit"] = minutes(job.time_limit);
  out["priority"] = number(job.priority);
  out["node_count"] = number(node_count(job));
  out["cpus"] = number(cpu_count(job));
  out["tasks"] = number(task_count(job));
  out["cpus_per_task"] = number(job.layout.cpus_per_task);
  out["memory_per_node"] = number(job.layout.memory_per_node.count() / (1024 * base::kib));
  out["memory_per_cpu"] = number(job.layout.memory_per_cpu.count() / (1024 * base::kib));
  out["features"] = to_text(job.choice.constraint);
  out["dependency"] = to_text(job.dependency);
  out["comment"] = job.comment;
  out["licenses"] = "";
  out["command"] = command_text(job);
  out["current_working_directory"] = job.work_dir;
  out["standard_output"] = output_path(job, job.output);
  out["standard_error"] = output_path(job, job.error.empty() ? job.output : job.error);
  out["requeue"] = job.requeue;
  out["tres_req_str"] = tres_text(job);
  out["tres_alloc_str"] = job.allocation.nodes.empty() ? "" : tres_text(job);
  out["tres_per_node"] = gpus_per_node_text(job);
}

Json queue_entry(const model::JobRecord& job, const Surroundings& with) {
  Json out;
  out["job_id"] = job.job.number();
  out["array_job_id"] = number(job.task || job.tally ? array_id(job).number() : 0);
  out["array_task_id"] = job.task ? number(job.task->index) : number({});
  out["array_task_string"] = job.tally ? array_index_text(job) : "";
  out["name"] = job.name;
  out["user_name"] = job.user.name;
  out["user_id"] = job.user.uid;
  out["group_id"] = job.user.gid;
  out["cluster"] = with.cluster;
  out["job_state"] = Json::array({slurm_state(job).name});
  out["state_reason"] = slurm_reason(job);
  add_request(job, out);
  out["nodes"] = node_list(job);
  out["batch_host"] = first_node(job);
  out["job_resources"] = resources(job);
  out["submit_time"] = seconds(job.submitted_at);
  out["eligible_time"] = seconds(eligible_time(job));
  out["start_time"] = seconds(start_time(job));
  out["end_time"] = seconds(end_time(job));
  out["restart_cnt"] = job.earlier.size();
  out["exit_code"] = exit_of(exit_status(job));
  return out;
}

Json step_entry(const model::StepRecord& step, const model::JobRecord& job) {
  return {{"step", {{"id", to_text(job.job) + "." + to_text(step.step)}, {"name", step.command}}},
          {"state", Json::array({account_state(step, job)})},
          {"time",
           {{"start", number(whole_seconds(step.started_at))},
            {"end", number(whole_seconds(step.ended_at))}}},
          {"exit_code", exit_of(exit_status(step))}};
}

Json account_entry(const model::JobRecord& job, const Surroundings& with) {
  Json steps = Json::array();
  for (const auto& step : job.steps) steps.push_back(step_entry(step, job));
  Json out;
  out["job_id"] = job.job.number();
  out["array"] = {{"job_id", job.task ? array_id(job).number() : 0},
                  {"task_id", job.task ? number(job.task->index) : number({})}};
  out["name"] = job.name;
  out["user"] = job.user.name;
  out["cluster"] = with.cluster;
  out["state"] = {{"current", Json::array({slurm_state(job).name})}, {"reason", slurm_reason(job)}};
  out["time"] = {{"submission", whole_seconds(job.submitted_at)},
                 {"eligible", whole_seconds(eligible_time(job))},
                 {"start", whole_seconds(job.started_at)},
                 {"end", whole_seconds(job.ended_at)},
                 {"elapsed", run_time(job, with.now) / std::chrono::seconds(1)},
                 {"limit", minutes(job.time_limit)}};
  out["exit_code"] = exit_of(exit_status(job));
  out["partition"] = partition_of(job);
  out["account"] = job.workspace;
  out["qos"] = or_else(job.class_name, "normal");
  out["nodes"] = or_else(node_list(job), "None assigned");
  out["allocation_nodes"] = job.allocation.nodes.size();
  out["required"] = {{"CPUs", job.layout.tasks * job.layout.cpus_per_task}};
  out["working_directory"] = job.work_dir;
  out["comment"] = {{"job", job.comment}};
  out["steps"] = std::move(steps);
  return out;
}

std::string document(std::string_view name, Json entries) {
  Json out;
  out[std::string(name)] = std::move(entries);
  out["meta"] = {
      {"plugin", {{"type", "openapi/slurmctld"}, {"data_parser", "data_parser/v0.0.40"}}},
      {"slurm",
       {{"version", {{"major", "23"}, {"micro", "4"}, {"minor", "11"}}}, {"release", "23.11.4"}}}};
  out["errors"] = Json::array();
  out["warnings"] = Json::array();
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json counts_entry(const Counts& counts) {
  return {{"allocated", counts.allocated},
          {"idle", counts.idle},
          {"other", counts.other},
          {"total", counts.total()}};
}

}  // namespace

std::string queue_json(std::span<const model::JobRecord> jobs, const Surroundings& with) {
  Json entries = Json::array();
  for (const auto& job : jobs) entries.push_back(queue_entry(job, with));
  return document("jobs", std::move(entries));
}

std::string account_json(std::span<const model::JobRecord> jobs, const Surroundings& with) {
  Json entries = Json::array();
  for (const auto& job : jobs) entries.push_back(account_entry(job, with));
  return document("jobs", std::move(entries));
}

std::string nodes_json(std::span<const NodeGroup> groups, const Surroundings& with) {
  Json entries = Json::array();
  for (const auto& group : groups) {
    auto nodes = counts_entry(node_counts(group));
    Json names = Json::array();
    for (const auto* node : group.nodes) names.push_back(node->info.name);
    nodes["nodes"] = std::move(names);
    const auto& first = *group.nodes.front();
    entries.push_back({{"cluster", with.cluster},
                       {"partition", {{"name", group.partition}}},
                       {"node", {{"state", Json::array({long_node_state(first)})}}},
                       {"nodes", std::move(nodes)},
                       {"cpus", counts_entry(cpu_counts(group))},
                       {"gres", {{"total", gres_text(first)}}},
                       {"reason", {{"description", node_reason(first)}}}});
  }
  return document("sinfo", std::move(entries));
}

}  // namespace compat
