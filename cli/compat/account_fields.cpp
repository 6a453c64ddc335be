#include "cli/compat/account_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "lib/model/host_list.h"

namespace compat {

namespace {

using Row = AccountRow;
using With = Surroundings;
using What = AccountRow::What;
using AccountField = Field<Row>;

bool is_whole(const Row& row) {
  return row.what == What::job || row.what == What::earlier;
}

/// ".batch" and ".0" behind the id of the job.
std::string step_suffix(const Row& row) {
  if (row.what == What::script) return ".batch";
  return row.step != nullptr ? "." + to_text(row.step->step) : std::string();
}

std::string state(const Row& row, const With&) {
  if (row.what == What::earlier) {
    const auto cause = row.attempt->why.cause;
    if (cause == model::Cause::preempted || cause == model::Cause::evicted) return "PREEMPTED";
    if (cause == model::Cause::node_lost) return "NODE_FAIL";
    return "REQUEUED";
  }
  if (row.step != nullptr) return account_state(*row.step, *row.job);
  const auto text = account_state(*row.job);
  if (row.what == What::job) return text;
  return row.job->state == model::JobState::timed_out ? "CANCELLED"
                                                      : text.substr(0, text.find(' '));
}

std::string exit_code(const Row& row, const With&) {
  if (row.what == What::earlier) return "0:0";
  return to_text(row.step != nullptr ? exit_status(*row.step) : exit_status(*row.job));
}

/// The highest of its steps.
std::string derived_exit_code(const Row& row, const With&) {
  if (row.what != What::job) return {};
  ExitStatus worst;
  for (const auto& step : row.job->steps) {
    if (const auto status = exit_status(step); status.code > worst.code) worst = status;
  }
  return to_text(worst);
}

std::optional<base::Time> start_of(const Row& row) {
  if (row.what == What::earlier) return row.attempt->started_at;
  return row.step != nullptr ? std::optional(row.step->started_at) : row.job->started_at;
}

std::optional<base::Time> end_of(const Row& row) {
  if (row.what == What::earlier) return row.attempt->ended_at;
  return row.step != nullptr ? row.step->ended_at : row.job->ended_at;
}

base::Duration elapsed(const Row& row, base::Time now) {
  const auto start = start_of(row);
  if (!start) return {};
  return std::max(end_of(row).value_or(now) - *start, base::Duration());
}

int cpus(const Row& row) {
  if (row.what == What::earlier) return row.attempt->cores;
  const auto& nodes = row.job->allocation.nodes;
  if (row.what == What::script) return nodes.empty() ? 0 : nodes.front().cores.count();
  if (row.step == nullptr) return nodes.empty() ? 0 : cpu_count(*row.job);
  int n_cores = 0;
  for (std::size_t i = 0; i < nodes.size() && i < row.step->tasks.size(); ++i) {
    if (row.step->tasks[i] > 0) n_cores += nodes[i].cores.count();
  }
  return n_cores;
}

std::vector<std::string> names_of_nodes(const Row& row) {
  auto names = model::node_names(row.job->allocation);
  if (row.what == What::script && names.size() > 1) names.resize(1);
  if (row.step == nullptr) return names;
  std::vector<std::string> used;
  for (std::size_t i = 0; i < names.size() && i < row.step->tasks.size(); ++i) {
    if (row.step->tasks[i] > 0) used.push_back(names[i]);
  }
  return used;
}

std::string nodes(const Row& row, const With&) {
  if (row.what == What::earlier) return row.attempt->nodes;
  return or_else(model::compress_hosts(names_of_nodes(row)), "None assigned");
}

std::string node_number(const Row& row, const With&) {
  if (row.what == What::earlier) {
    const auto names = model::expand_hosts(row.attempt->nodes);
    return std::to_string(names ? names->size() : 0);
  }
  const auto n = names_of_nodes(row).size();
  return std::to_string(n > 0 ? static_cast<int>(n) : node_count(*row.job));
}

/// Its own of a step, all that the job used of the script: nothing keeps these apart.
const model::Usage* usage_of(const Row& row) {
  if (row.what == What::script) return &row.job->usage;
  return row.step != nullptr ? &row.step->usage : nullptr;
}

std::string peak_memory(const Row& row, const With&) {
  const auto* usage = usage_of(row);
  if (usage == nullptr || usage->memory_peak == base::Bytes()) return {};
  return fmt::format("{}K", usage->memory_peak.count() / base::kib);
}

std::string total_cpu(const Row& row, const With&) {
  const auto* usage = usage_of(row);
  if (row.what == What::earlier) return "00:00.000";
  return cpu_clock(usage != nullptr ? usage->cpu : row.job->usage.cpu);
}

base::Duration cpu_time(const Row& row, base::Time now) {
  return elapsed(row, now) * cpus(row);
}

std::string seconds(base::Duration duration) {
  return std::to_string(duration / std::chrono::seconds(1));
}

/// Of the job only: its steps have none of their own.
std::string whole(const Row& row, std::string text) {
  return is_whole(row) ? std::move(text) : std::string();
}

std::string name(const Row& row, const With&) {
  if (row.what == What::script) return "batch";
  if (row.step == nullptr) return row.job->name;
  const std::string_view command = row.step->command;
  const auto program = command.substr(0, command.find(' '));
  return std::string(program.substr(program.rfind('/') + 1));
}

std::string allocated(const Row& row, const With&) {
  if (row.job->allocation.nodes.empty()) return {};
  if (is_whole(row)) return tres_text(*row.job);
  return fmt::format("cpu={},node={}", cpus(row), names_of_nodes(row).size());
}

std::string time_limit(const Row& row, const With&) {
  const auto& limit = row.job->time_limit;
  return whole(row, limit ? long_clock(*limit) : "UNLIMITED");
}

std::string limit_minutes(const Row& row, const With&) {
  const auto& limit = row.job->time_limit;
  return whole(row, limit ? std::to_string(*limit / std::chrono::minutes(1)) : "UNLIMITED");
}

std::string tasks(const Row& row, const With&) {
  if (is_whole(row)) return {};
  if (row.step == nullptr) return "1";
  int n = 0;
  for (const int of_node : row.step->tasks) n += of_node;
  return std::to_string(n);
}

std::string starts(const Row& row, const With&) {
  const bool never = model::is_final(row.job->state) && row.what == What::job;
  return local_stamp(start_of(row), never ? "None" : "Unknown");
}

constexpr std::array all_account_fields = std::to_array<AccountField>({
    {0, "JobID", "JobID", -12,
     [](const Row& r, const With&) { return job_id_text(*r.job) + step_suffix(r); }},
    {0, "JobIDRaw", "JobIDRaw", -12,
     [](const Row& r, const With&) { return to_text(r.job->job) + step_suffix(r); }},
    {0, "JobName", "JobName", 10, name},
    {0, "Partition", "Partition", 10,
     [](const Row& r, const With&) { return whole(r, partition_of(*r.job)); }},
    {0, "Account", "Account", 10, [](const Row& r, const With&) { return r.job->workspace; }},
    {0, "User", "User", 9, [](const Row& r, const With&) { return whole(r, r.job->user.name); }},
    {0, "UID", "UID", 6,
     [](const Row& r, const With&) { return whole(r, std::to_string(r.job->user.uid)); }},
    {0, "GID", "GID", 6,
     [](const Row& r, const With&) { return whole(r, std::to_string(r.job->user.gid)); }},
    {0, "State", "State", 10, state},
    {0, "ExitCode", "ExitCode", 8, exit_code},
    {0, "DerivedExitCode", "DerivedExitCode", 15, derived_exit_code},
    {0, "Elapsed", "Elapsed", 10,
     [](const Row& r, const With& w) { return long_clock(elapsed(r, w.now)); }},
    {0, "ElapsedRaw", "ElapsedRaw", 10,
     [](const Row& r, const With& w) { return seconds(elapsed(r, w.now)); }},
    {0, "Start", "Start", 19, starts},
    {0, "End", "End", 19,
     [](const Row& r, const With&) { return local_stamp(end_of(r), "Unknown"); }},
    {0, "Submit", "Submit", 19,
     [](const Row& r, const With&) {
       return local_stamp(is_whole(r) ? r.job->submitted_at
                                      : start_of(r).value_or(r.job->submitted_at));
     }},
    {0, "Eligible", "Eligible", 19,
     [](const Row& r, const With&) { return local_stamp(eligible_time(*r.job)); }},
    {0, "NodeList", "NodeList", 15, nodes},
    {0, "NNodes", "NNodes", 8, node_number},
    {0, "NCPUS", "NCPUS", 10, [](const Row& r, const With&) { return std::to_string(cpus(r)); }},
    {0, "AllocCPUS", "AllocCPUS", 10,
     [](const Row& r, const With&) { return std::to_string(cpus(r)); }},
    {0, "AllocNodes", "AllocNodes", 10,
     [](const Row& r, const With&) {
       return r.job->allocation.nodes.empty() ? std::string("0") : node_number(r, {});
     }},
    {0, "ReqCPUS", "ReqCPUS", 8,
     [](const Row& r, const With&) {
       return std::to_string(r.job->layout.tasks * r.job->layout.cpus_per_task);
     }},
    {0, "ReqNodes", "ReqNodes", 8,
     [](const Row& r, const With&) { return std::to_string(r.job->layout.nodes.value_or(1)); }},
    {0, "NTasks", "NTasks", 8, tasks},
    {0, "ReqMem", "ReqMem", 10,
     [](const Row& r, const With&) { return whole(r, memory_text(*r.job)); }},
    {0, "MaxRSS", "MaxRSS", 10, peak_memory},
    {0, "AveRSS", "AveRSS", 10, peak_memory},
    {0, "AllocTRES", "AllocTRES", 10, allocated},
    {0, "ReqTRES", "ReqTRES", 10,
     [](const Row& r, const With&) {
       auto asked = *r.job;
       asked.allocation = {};
       return whole(r, tres_text(asked));
     }},
    {0, "TotalCPU", "TotalCPU", 10, total_cpu},
    {0, "CPUTime", "CPUTime", 10,
     [](const Row& r, const With& w) { return long_clock(cpu_time(r, w.now)); }},
    {0, "CPUTimeRAW", "CPUTimeRAW", 10,
     [](const Row& r, const With& w) { return seconds(cpu_time(r, w.now)); }},
    {0, "Timelimit", "Timelimit", 10, time_limit},
    {0, "TimelimitRaw", "TimelimitRaw", 12, limit_minutes},
    {0, "WorkDir", "WorkDir", 20,
     [](const Row& r, const With&) { return whole(r, r.job->work_dir); }},
    {0, "SubmitLine", "SubmitLine", 20,
     [](const Row& r, const With&) { return whole(r, "sbatch " + command_line(*r.job)); }},
    {0, "Comment", "Comment", 14,
     [](const Row& r, const With&) { return whole(r, r.job->comment); }},
    {0, "Reason", "Reason", 22,
     [](const Row& r, const With&) { return whole(r, slurm_reason(*r.job)); }},
    {0, "QOS", "QOS", 10,
     [](const Row& r, const With&) { return whole(r, or_else(r.job->class_name, "normal")); }},
    {0, "Priority", "Priority", 10,
     [](const Row& r, const With&) { return whole(r, std::to_string(r.job->priority)); }},
    {0, "Reservation", "Reservation", 20,
     [](const Row& r, const With&) { return whole(r, r.job->choice.booking); }},
    {0, "Constraints", "Constraints", 15,
     [](const Row& r, const With&) { return whole(r, to_text(r.job->choice.constraint)); }},
    {0, "Restarts", "Restarts", 8,
     [](const Row& r, const With&) { return whole(r, std::to_string(r.job->earlier.size())); }},
    {0, "Cluster", "Cluster", 10, [](const Row&, const With& w) { return w.cluster; }},
});

}  // namespace

std::span<const AccountField> account_field_table() {
  return all_account_fields;
}

std::vector<Row> rows_of(const model::JobRecord& job, bool steps, bool earlier) {
  std::vector<Row> rows;
  if (earlier) {
    for (const auto& attempt : job.earlier)
      rows.push_back({.job = &job, .what = What::earlier, .attempt = &attempt});
  }
  rows.push_back({.job = &job});
  const bool has_run = job.attempt > 0 && job.started_at.has_value();
  if (!steps || !has_run) return rows;
  rows.push_back({.job = &job, .what = What::script});
  for (const auto& step : job.steps)
    rows.push_back({.job = &job, .what = What::step, .step = &step});
  return rows;
}

}  // namespace compat
