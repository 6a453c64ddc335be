#include "cli/compat/pbs_format.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "lib/base/text.h"

namespace compat {

namespace {

using Json = nlohmann::ordered_json;
using Attributes = std::vector<std::pair<std::string, std::string>>;

/// "Sat Nov 28 09:00:06 2026"
std::string long_date(base::Time time) {
  const auto seconds = static_cast<std::time_t>(base::to_us(time) / 1'000'000);
  std::tm fields{};
  (void)::localtime_r(&seconds, &fields);  // fails for years beyond an int only
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &fields)};
}

/// "01:02:03", hours beyond a day as hours.
std::string hours_clock(base::Duration duration) {
  const auto seconds = std::max<std::int64_t>(duration / std::chrono::seconds(1), 0);
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// "01:02"
std::string minutes_clock(base::Duration duration) {
  return hours_clock(duration).substr(0, hours_clock(duration).rfind(':'));
}

std::string memory_of(const model::JobRecord& job) {
  const auto text = base::to_lower(memory_text(job));
  return text == "0" ? "--" : text + "b";
}

std::string exec_host(const model::JobRecord& job) {
  std::string text;
  for (const auto& share : job.allocation.nodes)
    text += fmt::format("{}{}/0*{}", text.empty() ? "" : "+", share.name, share.cores.count());
  return text;
}

Attributes attributes_of(const model::JobRecord& job, const Surroundings& with) {
  Attributes list{{"Job_Name", job.name},
                  {"Job_Owner", job.user.name + "@" + with.cluster},
                  {"job_state", std::string(1, pbs_state(job))},
                  {"queue", partition_of(job)},
                  {"server", with.cluster},
                  {"ctime", long_date(job.submitted_at)},
                  {"qtime", long_date(eligible_time(job))}};
  const auto add = [&list](std::string name, std::string value) {
    if (!value.empty()) list.emplace_back(std::move(name), std::move(value));
  };
  add("Account_Name", job.workspace);
  add("Error_Path", output_path(job, job.error.empty() ? job.output : job.error));
  add("Output_Path", output_path(job, job.output));
  add("exec_host", exec_host(job));
  add("Priority", std::to_string(job.priority));
  add("Rerunable", job.requeue ? "True" : "False");
  add("Resource_List.ncpus", std::to_string(cpu_count(job)));
  add("Resource_List.nodect", std::to_string(node_count(job)));
  if (const int n = gpu_count(job); n > 0) add("Resource_List.ngpus", std::to_string(n));
  if (job.time_limit) add("Resource_List.walltime", hours_clock(*job.time_limit));
  if (job.started_at) {
    add("stime", long_date(*job.started_at));
    add("resources_used.walltime", hours_clock(run_time(job, with.now)));
    add("resources_used.cput", hours_clock(job.usage.cpu));
    add("resources_used.mem", fmt::format("{}kb", job.usage.memory_peak.count() / base::kib));
  }
  add("run_count", std::to_string(job.attempt));
  if (job.ended_at) add("Exit_status", std::to_string(pbs_exit_status(job)));
  add("comment", comment_of(job));
  if (job.task) add("array_index", std::to_string(job.task->index));
  if (job.tally) add("array_indices_remaining", array_index_text(job));
  return list;
}

std::string node_state_words(const model::NodeRecord& node) {
  const auto state = node_state(node);
  if (state.starts_with("idle")) return "free";
  if (state.starts_with("mixed")) return "free";
  if (state.starts_with("allocated")) return "job-busy";
  return state.starts_with("drain") ? "offline" : "down";
}

std::string jobs_on(const model::NodeRecord& node) {
  std::vector<std::string> ids;
  for (const auto job : node.jobs) ids.push_back(to_text(job));
  return base::join(ids, ", ");
}

}  // namespace

char pbs_state(const model::JobRecord& job) {
  switch (job.state) {
    case model::JobState::waiting:
      break;
    case model::JobState::starting:
    case model::JobState::running:
      return job.tally ? 'B' : 'R';
    case model::JobState::ending:
      return 'E';
    case model::JobState::completed:
    case model::JobState::failed:
    case model::JobState::cancelled:
    case model::JobState::timed_out:
    case model::JobState::node_lost:
    case model::JobState::preempted:
      return job.task ? 'X' : 'F';
  }
  if (job.tally && job.tally->has_begun) return 'B';
  const bool is_held = job.reason && (std::holds_alternative<model::Held>(*job.reason) ||
                                      std::holds_alternative<model::DependsOn>(*job.reason));
  if (is_held) return 'H';
  return job.reason && std::holds_alternative<model::BeginTime>(*job.reason) ? 'W' : 'Q';
}

std::string pbs_id(const model::JobRecord& job, std::string_view server) {
  const auto index = job.task    ? fmt::format("[{}]", job.task->index)
                     : job.tally ? std::string("[]")
                                 : std::string();
  return fmt::format("{}{}.{}", to_text(array_id(job)), index, server);
}

std::string comment_of(const model::JobRecord& job) {
  if (job.state != model::JobState::waiting) return {};
  return "Not Running: " + (job.reason ? model::describe(*job.reason) : slurm_reason(job));
}

std::string qstat_heading() {
  return "Job id            Name             User              Time Use S Queue\n"
         "----------------  ---------------- ----------------  -------- - -----\n";
}

std::string qstat_line(const model::JobRecord& job, const Surroundings& with) {
  return fmt::format("{:<17.17} {:<16.16} {:<16.16}  {:>8} {} {}\n", pbs_id(job, with.cluster),
                     job.name, job.user.name, job.started_at ? hours_clock(job.usage.cpu) : "0",
                     pbs_state(job), partition_of(job));
}

std::string qstat_wide_heading(std::string_view server) {
  return fmt::format(
      "\n{}: \n"
      "                                                            Req'd  Req'd   Elap\n"
      "Job ID          Username Queue    Jobname    SessID NDS TSK Memory Time  S Time\n"
      "--------------- -------- -------- ---------- ------ --- --- ------ ----- - -----\n",
      server);
}

std::string qstat_wide_line(const model::JobRecord& job, const Surroundings& with) {
  const auto elapsed = job.started_at ? minutes_clock(run_time(job, with.now)) : "--";
  return fmt::format("{:<15.15} {:<8.8} {:<8.8} {:<10.10} {:>6} {:>3} {:>3} {:>6} {:>5} {} {:>5}\n",
                     pbs_id(job, with.cluster), job.user.name, partition_of(job), job.name, "--",
                     node_count(job), cpu_count(job), memory_of(job),
                     job.time_limit ? minutes_clock(*job.time_limit) : "--", pbs_state(job),
                     elapsed);
}

std::string qstat_block(const model::JobRecord& job, const Surroundings& with) {
  auto text = fmt::format("Job Id: {}\n", pbs_id(job, with.cluster));
  for (const auto& [name, value] : attributes_of(job, with))
    text += fmt::format("    {} = {}\n", name, value);
  return text + "\n";
}

std::string qstat_json(std::span<const model::JobRecord> jobs, const Surroundings& with) {
  Json entries = Json::object();
  for (const auto& job : jobs) {
    Json entry = Json::object();
    for (const auto& [name, value] : attributes_of(job, with)) {
      const auto dot = name.find('.');
      if (dot == std::string::npos) {
        entry[name] = value;
      } else {
        entry[name.substr(0, dot)][name.substr(dot + 1)] = value;
      }
    }
    if (job.ended_at) entry["Exit_status"] = pbs_exit_status(job);
    entries[pbs_id(job, with.cluster)] = std::move(entry);
  }
  Json out;
  out["timestamp"] = base::to_us(with.now) / 1'000'000;
  out["pbs_version"] = "23.06.06";
  out["pbs_server"] = with.cluster;
  out["Jobs"] = std::move(entries);
  return out.dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
}

int pbs_exit_status(const model::JobRecord& job) {
  constexpr int signalled = 256;
  constexpr int cancelled = 271;  // 256 and SIGTERM
  constexpr int over_limit = -29;
  if (job.state == model::JobState::cancelled) return cancelled;
  if (job.state == model::JobState::timed_out) return over_limit;
  const auto status = exit_status(job);
  return status.signal != 0 ? signalled + status.signal : status.code;
}

std::string pbsnodes_block(const model::NodeRecord& node) {
  const auto& topology = node.info.topology;
  auto text = fmt::format("{}\n     Mom = {}\n     ntype = PBS\n     state = {}\n     pcpus = {}\n",
                          node.info.name, or_else(node.info.hostname, node.info.name),
                          node_state_words(node), topology.cores.size());
  if (!node.jobs.empty()) text += "     jobs = " + jobs_on(node) + "\n";
  text += fmt::format(
      "     resources_available.ncpus = {}\n     resources_available.ngpus = {}\n"
      "     resources_available.mem = {}kb\n     resources_available.host = {}\n"
      "     resources_assigned.ncpus = {}\n     resources_assigned.ngpus = {}\n"
      "     resources_assigned.mem = {}kb\n     queue = {}\n",
      topology.cores.size(), topology.gpus.size(), topology.memory.count() / base::kib,
      node.info.name, node.cores_used.count(), node.gpus_used.count(),
      node.memory_used.count() / base::kib, or_else(node.info.pool, default_partition));
  if (const auto reason = node_reason(node); reason != "none")
    text += "     comment = " + reason + "\n";
  return text + "\n";
}

std::string pbsnodes_heading() {
  return "vnode           state           njobs   mem (f/t)       ncpus (f/t)   ngpus (f/t)\n"
         "--------------- --------------- ------  --------------  -----------   -----------\n";
}

std::string pbsnodes_line(const model::NodeRecord& node) {
  const auto& topology = node.info.topology;
  const auto memory = topology.memory.count() / mib;
  const auto cores = static_cast<int>(topology.cores.size());
  const auto gpus = static_cast<int>(topology.gpus.size());
  return fmt::format("{:<15} {:<15} {:>5}   {:<14}  {:<11}   {:<11}\n", node.info.name,
                     node_state_words(node), node.jobs.size(),
                     fmt::format("{}mb/{}mb", memory - node.memory_used.count() / mib, memory),
                     fmt::format("{}/{}", cores - node.cores_used.count(), cores),
                     fmt::format("{}/{}", gpus - node.gpus_used.count(), gpus));
}

}  // namespace compat
