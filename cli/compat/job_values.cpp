#include "cli/compat/job_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/model/array.h"
#include "lib/model/host_list.h"

namespace compat {

namespace {

/// In the largest unit of which it is a whole number, from M on.
std::string size_text(base::Bytes bytes) {
  const auto n = bytes.count() / mib;
  return n > 0 && n % base::kib == 0 ? fmt::format("{}G", n / base::kib) : fmt::format("{}M", n);
}

base::Bytes all_memory(const model::JobRecord& job) {
  base::Bytes sum;
  for (const auto& share : job.allocation.nodes) sum += share.memory;
  if (!job.allocation.nodes.empty()) return sum;
  const auto& layout = job.layout;
  if (layout.memory_per_node != base::Bytes())
    return layout.memory_per_node * static_cast<std::uint64_t>(node_count(job));
  return layout.memory_per_cpu * static_cast<std::uint64_t>(cpu_count(job));
}

std::optional<std::string> pattern_value(char letter, const model::JobRecord& job) {
  switch (letter) {
    case 'j':
      return to_text(job.job);
    case 'A':
      return to_text(array_id(job));
    case 'a':
      if (job.tally) return std::nullopt;
      return job.task ? std::to_string(job.task->index) : "0";
    case 'x':
      return job.name;
    case 'u':
      return job.user.name;
    case 'r':
      return std::to_string(job.earlier.size());
    case '%':
      return "%";
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string or_else(std::string text, std::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : text;
}

std::string job_id_text(const model::JobRecord& job) {
  if (job.task) return to_text(*job.task);
  if (!job.tally || !job.array) return to_text(job.job);
  return fmt::format("{}_[{}]", to_text(job.job), array_index_text(job));
}

model::JobId array_id(const model::JobRecord& job) {
  return job.task ? job.task->array : job.job;
}

std::string array_index_text(const model::JobRecord& job) {
  if (job.task) return std::to_string(job.task->index);
  if (!job.tally || !job.array) return {};
  const auto& pending = job.tally->pending;
  return model::to_text(
      model::Array{pending.empty() ? job.array->tasks : pending, job.array->most_running});
}

std::string partition_of(const model::JobRecord& job) {
  return or_else(job.pool, default_partition);
}

int node_count(const model::JobRecord& job) {
  if (!job.allocation.nodes.empty()) return static_cast<int>(job.allocation.nodes.size());
  return job.layout.nodes.value_or(1);
}

int cpu_count(const model::JobRecord& job) {
  if (!job.allocation.nodes.empty()) return model::n_cores(job.allocation);
  return job.layout.tasks * job.layout.cpus_per_task;
}

int gpu_count(const model::JobRecord& job) {
  if (!job.allocation.nodes.empty()) return model::n_gpus(job.allocation);
  const auto& layout = job.layout;
  return layout.gpus_per_node * node_count(job) + layout.gpus_per_task * layout.tasks;
}

int task_count(const model::JobRecord& job) {
  const int n = model::n_tasks(job.allocation);
  return n > 0 ? n : job.layout.tasks;
}

std::string node_list(const model::JobRecord& job) {
  const auto names = model::node_names(job.allocation);
  return model::compress_hosts(names);
}

std::string first_node(const model::JobRecord& job) {
  return job.allocation.nodes.empty() ? std::string() : job.allocation.nodes.front().name;
}

std::string memory_text(const model::JobRecord& job) {
  const auto& layout = job.layout;
  const auto asked =
      layout.memory_per_node != base::Bytes() ? layout.memory_per_node : layout.memory_per_cpu;
  return asked == base::Bytes() ? "0" : size_text(asked);
}

std::string gpus_per_node_text(const model::JobRecord& job) {
  const int n_nodes = std::max(node_count(job), 1);
  const int n = job.layout.gpus_per_node > 0 ? job.layout.gpus_per_node : gpu_count(job) / n_nodes;
  if (n == 0) return {};
  const auto& kind = job.choice.gpu_kind;
  return kind.empty() ? fmt::format("gres/gpu:{}", n) : fmt::format("gres/gpu:{}:{}", kind, n);
}

std::string tres_text(const model::JobRecord& job) {
  auto text = fmt::format("cpu={}", cpu_count(job));
  if (const auto memory = all_memory(job); memory != base::Bytes())
    text += ",mem=" + size_text(memory);
  text += fmt::format(",node={},billing={}", node_count(job), cpu_count(job));
  if (const int n = gpu_count(job); n > 0) text += fmt::format(",gres/gpu={}", n);
  return text;
}

base::Duration run_time(const model::JobRecord& job, base::Time now) {
  if (!job.started_at) return {};
  return std::max(job.ended_at.value_or(now) - *job.started_at, base::Duration());
}

std::optional<base::Time> start_time(const model::JobRecord& job) {
  if (job.started_at) return job.started_at;
  return job.expected_start ? job.expected_start : job.begin;
}

std::optional<base::Time> end_time(const model::JobRecord& job) {
  if (job.ended_at) return job.ended_at;
  const auto start = start_time(job);
  return start && job.time_limit ? std::optional(*start + *job.time_limit) : std::nullopt;
}

base::Time eligible_time(const model::JobRecord& job) {
  return std::max(job.submitted_at, job.begin.value_or(job.submitted_at));
}

std::string command_text(const model::JobRecord& job) {
  const auto& name = !job.script_name.empty() ? job.script_name
                     : job.arguments.empty()  ? job.name
                                              : job.arguments.front();
  if (job.script_name.empty() || name.starts_with('/')) return name;
  return job.work_dir + "/" + name;
}

std::string command_line(const model::JobRecord& job) {
  if (job.script_name.empty()) return base::join(job.arguments, " ");
  const auto arguments = base::join(job.arguments, " ");
  return arguments.empty() ? job.script_name : job.script_name + " " + arguments;
}

std::string output_path(const model::JobRecord& job, const std::string& pattern) {
  std::string path;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const bool is_field = pattern[at] == '%' && at + 1 < pattern.size();
    const auto value = is_field ? pattern_value(pattern[at + 1], job) : std::nullopt;
    path += value.value_or(std::string(1, pattern[at]));
    if (value) ++at;
  }
  return path;
}

std::vector<model::JobRecord> waiting_tasks(const model::JobRecord& array) {
  std::vector<model::JobRecord> tasks;
  if (!array.tally || !array.array) return tasks;
  for (const int index : array.tally->pending.members()) {
    auto task = array;
    task.job = model::task_job(array.job, array.array->tasks, index);
    task.task = model::ArrayTask{array.job, index};
    task.tally.reset();
    task.state = model::JobState::waiting;
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace compat
