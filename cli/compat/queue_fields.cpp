#include "cli/compat/queue_fields.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "cli/compat/job_values.h"
#include "cli/compat/slurm_states.h"
#include "cli/compat/slurm_time.h"
#include "lib/model/host_list.h"

namespace compat {

namespace {

using Job = model::JobRecord;
using With = Surroundings;
using QueueField = Field<Job>;

/// What squeue prints for text that is not there.
constexpr std::string_view null_text = "(null)";

std::string nodes_or_reason(const Job& job, const With&) {
  const auto& state = slurm_state(job);
  const bool shows_reason = state.name == "PENDING" || state.name == "FAILED" ||
                            state.name == "TIMEOUT" || state.name == "DEADLINE" ||
                            state.name == "OUT_OF_MEMORY";
  return shows_reason ? "(" + slurm_reason(job) + ")" : node_list(job);
}

std::string time_limit(const Job& job, const With&) {
  return job.time_limit ? short_clock(*job.time_limit) : "UNLIMITED";
}

std::string time_left(const Job& job, const With& with) {
  if (!job.time_limit) return "UNLIMITED";
  return short_clock(*job.time_limit - run_time(job, with.now));
}

std::string time_used(const Job& job, const With& with) {
  return short_clock(run_time(job, with.now));
}

std::string starts(const Job& job, const With&) {
  return local_stamp(start_time(job), "N/A");
}

std::string ends(const Job& job, const With&) {
  return local_stamp(end_time(job), "N/A");
}

std::string dependency(const Job& job, const With&) {
  return or_else(to_text(job.dependency), null_text);
}

std::string licenses(const Job& job, const With&) {
  std::string text;
  for (const auto& [name, n] : job.licenses)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", name, n);
  return or_else(std::move(text), null_text);
}

constexpr std::array all_queue_fields = std::to_array<QueueField>({
    {'i', "JobArrayID", "JOBID", 18, [](const Job& j, const With&) { return job_id_text(j); }},
    {'A', "JobID", "JOBID", 18, [](const Job& j, const With&) { return to_text(j.job); }},
    {'F', "ArrayJobID", "ARRAY_JOB_ID", 20,
     [](const Job& j, const With&) { return to_text(array_id(j)); }},
    {'K', "ArrayTaskID", "ARRAY_TASK_ID", 20,
     [](const Job& j, const With&) { return or_else(array_index_text(j), "N/A"); }},
    {'P', "Partition", "PARTITION", 9, [](const Job& j, const With&) { return partition_of(j); }},
    {'j', "Name", "NAME", 8, [](const Job& j, const With&) { return j.name; }},
    {'u', "UserName", "USER", 8, [](const Job& j, const With&) { return j.user.name; }},
    {'U', "UserID", "USER", 8,
     [](const Job& j, const With&) { return std::to_string(j.user.uid); }},
    {'G', "GroupID", "GROUP", 8,
     [](const Job& j, const With&) { return std::to_string(j.user.gid); }},
    {'t', "StateCompact", "ST", 2,
     [](const Job& j, const With&) { return std::string(slurm_state(j).letters); }},
    {'T', "State", "STATE", 8,
     [](const Job& j, const With&) { return std::string(slurm_state(j).name); }},
    {'M', "TimeUsed", "TIME", 10, time_used},
    {'l', "TimeLimit", "TIME_LIMIT", 9, time_limit},
    {'L', "TimeLeft", "TIME_LEFT", 10, time_left},
    {'S', "StartTime", "START_TIME", 19, starts},
    {'e', "EndTime", "END_TIME", 19, ends},
    {'V', "SubmitTime", "SUBMIT_TIME", 19,
     [](const Job& j, const With&) { return local_stamp(j.submitted_at); }},
    {0, "EligibleTime", "ELIGIBLE_TIME", 19,
     [](const Job& j, const With&) { return local_stamp(eligible_time(j)); }},
    {'D', "NumNodes", "NODES", 6,
     [](const Job& j, const With&) { return std::to_string(node_count(j)); }},
    {'C', "NumCPUs", "CPUS", 6,
     [](const Job& j, const With&) { return std::to_string(cpu_count(j)); }},
    {0, "NumTasks", "TASKS", 6,
     [](const Job& j, const With&) { return std::to_string(task_count(j)); }},
    {'c', "MinCPUs", "MIN_CPUS", 8,
     [](const Job& j, const With&) { return std::to_string(j.layout.cpus_per_task); }},
    {0, "cpus-per-task", "CPUS_PER_TASK", 14,
     [](const Job& j, const With&) { return std::to_string(j.layout.cpus_per_task); }},
    {'m', "MinMemory", "MIN_MEMORY", 10, [](const Job& j, const With&) { return memory_text(j); }},
    {'b', "tres-per-node", "TRES_PER_NODE", 13,
     [](const Job& j, const With&) { return or_else(gpus_per_node_text(j), "N/A"); }},
    {0, "tres-alloc", "TRES_ALLOC", 20, [](const Job& j, const With&) { return tres_text(j); }},
    {'R', "ReasonList", "NODELIST(REASON)", 20, nodes_or_reason},
    {'r', "Reason", "REASON", 20, [](const Job& j, const With&) { return slurm_reason(j); }},
    {'N', "NodeList", "NODELIST", 20, [](const Job& j, const With&) { return node_list(j); }},
    {'B', "BatchHost", "EXEC_HOST", 10,
     [](const Job& j, const With&) { return or_else(first_node(j), "n/a"); }},
    {'n', "ReqNodes", "REQ_NODES", 20,
     [](const Job& j, const With&) { return model::compress_hosts(j.choice.only); }},
    {'x', "ExcNodes", "EXC_NODES", 20,
     [](const Job& j, const With&) { return model::compress_hosts(j.choice.never); }},
    {'f', "Feature", "FEATURES", 20,
     [](const Job& j, const With&) { return or_else(to_text(j.choice.constraint), null_text); }},
    {'h', "OverSubscribe", "OVER_SUBSCRIBE", 14,
     [](const Job& j, const With&) { return std::string(j.layout.whole_nodes ? "NO" : "OK"); }},
    {'a', "Account", "ACCOUNT", 8,
     [](const Job& j, const With&) { return or_else(j.workspace, null_text); }},
    {'q', "QOS", "QOS", 8,
     [](const Job& j, const With&) { return or_else(j.class_name, "normal"); }},
    {'k', "Comment", "COMMENT", 20,
     [](const Job& j, const With&) { return or_else(j.comment, null_text); }},
    {'E', "Dependency", "DEPENDENCY", 20, dependency},
    {'v', "Reservation", "RESERVATION", 12,
     [](const Job& j, const With&) { return or_else(j.choice.booking, null_text); }},
    {'W', "Licenses", "LICENSES", 12, licenses},
    {'Q', "PriorityLong", "PRIORITY", 10,
     [](const Job& j, const With&) { return std::to_string(j.priority); }},
    {'p', "Priority", "PRIORITY", 10,
     [](const Job& j, const With&) { return std::to_string(j.priority); }},
    {'y', "Nice", "NICE", 6, [](const Job&, const With&) { return std::string("0"); }},
    {'Z', "WorkDir", "WORK_DIR", 20, [](const Job& j, const With&) { return j.work_dir; }},
    {'o', "Command", "COMMAND", 20, [](const Job& j, const With&) { return command_text(j); }},
    {0, "STDOUT", "STDOUT", 20, [](const Job& j, const With&) { return output_path(j, j.output); }},
    {0, "STDERR", "STDERR", 20,
     [](const Job& j,
        const With&) { return output_path(j, j.error.empty() ? j.output : j.error); }},
    {0, "RestartCnt", "RESTART_COUNT", 13,
     [](const Job& j, const With&) { return std::to_string(j.earlier.size()); }},
    {'Y', "SchedNodes", "SCHEDNODES", 20,
     [](const Job&, const With&) { return std::string(null_text); }},
    {0, "exit_code", "EXIT_CODE", 9,
     [](const Job& j, const With&) { return std::to_string(exit_status(j).code); }},
    {0, "Cluster", "CLUSTER", 10, [](const Job&, const With& w) { return w.cluster; }},
});

const QueueField* by_letter(char letter) {
  for (const auto& field : all_queue_fields) {
    if (field.letter == letter) return &field;
  }
  return nullptr;
}

std::optional<double> value_as_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

/// Numbers by their size, all else as text, states too.
int compare(const Job& a, const Job& b, const QueueField& field, const With& with) {
  const auto text_a = field.value(a, with);
  const auto text_b = field.value(b, with);
  const auto number_a = value_as_number(text_a);
  const auto number_b = value_as_number(text_b);
  if (number_a && number_b) return (*number_a > *number_b) - (*number_a < *number_b);
  return text_a.compare(text_b);
}

}  // namespace

std::span<const QueueField> queue_fields() {
  return all_queue_fields;
}

base::Result<void> check_order(std::string_view order) {
  for (const char letter : order) {
    const bool is_mark = letter == ',' || letter == '-' || letter == '+' || letter == '#';
    if (is_mark || by_letter(letter) != nullptr) continue;
    return base::fail(base::Code::invalid,
                      fmt::format("Invalid sort specification: {}", base::printable(order)));
  }
  return {};
}

bool comes_before(const Job& a, const Job& b, std::string_view order, const With& with) {
  int sign = 1;
  for (const char letter : order) {
    if (letter == '-') sign = -1;
    if (letter == ',') sign = 1;
    const auto* field = by_letter(letter);
    if (field == nullptr) continue;
    if (const int difference = compare(a, b, *field, with); difference != 0)
      return sign * difference < 0;
    sign = 1;
  }
  return a.job < b.job;
}

}  // namespace compat
