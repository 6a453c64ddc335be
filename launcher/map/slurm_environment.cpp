#include "launcher/map/slurm_environment.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/map/step_nodes.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace mapping {

namespace {

using model::Environment;

/// A variable of Slurm, and the one of ours that has the same value.
using Twin = std::pair<const char*, const char*>;

constexpr auto of_job = std::to_array<Twin>({
    {"SLURM_JOB_ID", "MUSTER_JOB_ID"},
    {"SLURM_JOBID", "MUSTER_JOB_ID"},
    {"SLURM_JOB_NAME", "MUSTER_JOB_NAME"},
    {"SLURM_JOB_NODELIST", "MUSTER_NODELIST"},
    {"SLURM_NODELIST", "MUSTER_NODELIST"},
    {"SLURM_JOB_NUM_NODES", "MUSTER_NNODES"},
    {"SLURM_NNODES", "MUSTER_NNODES"},
    {"SLURM_TASKS_PER_NODE", "MUSTER_TASKS_PER_NODE"},
    {"SLURM_JOB_CPUS_PER_NODE", "MUSTER_JOB_CPUS_PER_NODE"},
    {"SLURM_MEM_PER_NODE", "MUSTER_MEM_PER_NODE"},
    {"SLURM_MEM_PER_CPU", "MUSTER_MEM_PER_CPU"},
    {"SLURMD_NODENAME", "MUSTER_NODE"},
    {"SLURM_TOPOLOGY_ADDR", "MUSTER_NODE"},
    {"SLURM_CLUSTER_NAME", "MUSTER_CLUSTER"},
    {"SLURM_JOB_PARTITION", "MUSTER_POOL"},
    {"SLURM_ARRAY_JOB_ID", "MUSTER_ARRAY_JOB_ID"},
    {"SLURM_ARRAY_TASK_ID", "MUSTER_ARRAY_TASK_ID"},
    {"SLURM_ARRAY_TASK_COUNT", "MUSTER_ARRAY_TASK_COUNT"},
    {"SLURM_ARRAY_TASK_MIN", "MUSTER_ARRAY_TASK_MIN"},
    {"SLURM_ARRAY_TASK_MAX", "MUSTER_ARRAY_TASK_MAX"},
    {"SLURM_ARRAY_TASK_STEP", "MUSTER_ARRAY_TASK_STEP"},
});

constexpr auto of_step = std::to_array<Twin>({
    {"SLURM_STEP_ID", "MUSTER_STEP_ID"},
    {"SLURM_STEPID", "MUSTER_STEP_ID"},
    {"SLURM_STEP_NUM_TASKS", "MUSTER_STEP_NTASKS"},
    {"SLURM_NTASKS", "MUSTER_STEP_NTASKS"},
    {"SLURM_NPROCS", "MUSTER_STEP_NTASKS"},
    {"SLURM_STEP_NUM_NODES", "MUSTER_STEP_NNODES"},
    {"SLURM_NNODES", "MUSTER_STEP_NNODES"},
    {"SLURM_PROCID", "MUSTER_RANK"},
    {"SLURM_LOCALID", "MUSTER_LOCAL_RANK"},
    {"SLURMD_NODENAME", "MUSTER_NODE"},
    {"SLURM_TOPOLOGY_ADDR", "MUSTER_NODE"},
});

/// What ours does not say the other does not say either.
void copy(Environment& environment, std::span<const Twin> twins) {
  for (const auto& [name, ours] : twins) {
    const auto found = environment.find(ours);
    if (found == environment.end()) {
      environment.erase(name);
    } else {
      environment.insert_or_assign(name, std::string(found->second));
    }
  }
}

std::string listed(const std::vector<int>& numbers) {
  std::vector<std::string> texts;
  for (const int number : numbers) texts.push_back(std::to_string(number));
  return base::join(texts, ",");
}

void set_or_erase(Environment& environment, const char* name, const std::string& value) {
  if (value.empty()) {
    environment.erase(name);
  } else {
    environment[name] = value;
  }
}

/// Where the submission said it.
void keep_true(Environment& environment, const char* name, int value) {
  if (const auto found = environment.find(name); found != environment.end())
    found->second = std::to_string(value);
}

/// Slurm says the number of tasks where it was asked for, by itself or for each node.
void describe_request(Environment& environment, const model::JobSpec& job) {
  const bool are_asked_for = job.shape.tasks || job.shape.tasks_per_node;
  for (const char* name : {"SLURM_NTASKS", "SLURM_NPROCS"})
    set_or_erase(environment, name, are_asked_for ? environment["MUSTER_NTASKS"] : "");
  keep_true(environment, "SLURM_CPUS_PER_TASK", job.shape.cpus_per_task);
  if (job.shape.cpus_per_task > 1)
    environment["SLURM_CPUS_PER_TASK"] = std::to_string(job.shape.cpus_per_task);
  if (job.shape.tasks_per_node)
    keep_true(environment, "SLURM_NTASKS_PER_NODE", *job.shape.tasks_per_node);
  set_or_erase(environment, "SLURM_JOB_ACCOUNT", job.workspace);
  set_or_erase(environment, "SLURM_JOB_QOS", job.class_name);
  set_or_erase(environment, "SLURM_JOB_RESERVATION", job.choice.booking);
}

void describe_times(Environment& environment, const model::JobSpec& job, std::int64_t started_at) {
  if (started_at == 0) return;
  environment["SLURM_JOB_START_TIME"] = std::to_string(started_at);
  if (!job.time_limit) return;
  const auto limit = std::chrono::duration_cast<std::chrono::seconds>(*job.time_limit).count();
  environment["SLURM_JOB_END_TIME"] = std::to_string(started_at + limit);
}

void describe_gpus(Environment& environment, const char* list, const model::GpuSet& gpus) {
  set_or_erase(environment, list, listed(gpus.members()));
  set_or_erase(environment, "SLURM_GPUS_ON_NODE", gpus.empty() ? "" : std::to_string(gpus.count()));
}

/// "0x5": hardware threads 0 and 2.
std::string mask_of(const model::CpuSet& cpus) {
  std::string digits;
  const auto members = cpus.members();
  const int last = members.empty() ? 0 : members.back();
  for (int first = 0; first <= last; first += 4) {
    int digit = 0;
    for (int bit = 0; bit < 4; ++bit) digit |= cpus.contains(first + bit) ? 1 << bit : 0;
    digits += "0123456789abcdef"[digit];
  }
  std::ranges::reverse(digits);
  return "0x" + digits;
}

/// How the ranks of the node are bound, in its order.
void describe_binding(Environment& environment, const Placement& placement) {
  std::vector<std::string> masks;
  if (placement.unbound.empty()) {
    for (const auto& rank : placement.ranks) masks.push_back(mask_of(rank.cpus));
  }
  const auto list = base::join(masks, ",");
  const std::string type = masks.empty() ? "none" : "mask_cpu:";
  environment["SLURM_CPU_BIND"] = "quiet," + type + list;
  environment["SLURM_CPU_BIND_VERBOSE"] = "quiet";
  environment["SLURM_CPU_BIND_TYPE"] = type;
  environment["SLURM_CPU_BIND_LIST"] = list;
}

}  // namespace

void describe_for_slurm(Environment& environment, const model::LaunchOrder& order,
                        std::int64_t started_at) {
  const auto& job = *order.job;
  const auto& share = order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
  copy(environment, of_job);
  describe_request(environment, job);
  describe_times(environment, job, started_at);
  describe_gpus(environment, "SLURM_JOB_GPUS", share.gpus);
  environment["ENVIRONMENT"] = "BATCH";
  environment["SLURM_JOB_USER"] = order.user.name;
  environment["SLURM_JOB_UID"] = std::to_string(order.user.uid);
  environment["SLURM_JOB_GID"] = std::to_string(order.user.gid);
  environment["SLURM_CPUS_ON_NODE"] = std::to_string(share.cores.count());
  environment["SLURM_NODEID"] = std::to_string(order.node_index);
  environment["SLURM_PROCID"] = "0";
  environment["SLURM_LOCALID"] = "0";
  environment["SLURM_GTIDS"] = "0";
  environment["SLURM_PRIO_PROCESS"] = "0";
  environment["SLURM_TOPOLOGY_ADDR_PATTERN"] = "node";
  environment[slurm_pid_variable] = "";
  set_or_erase(environment, "SLURM_RESTART_COUNT",
               order.key.attempt > 1 ? std::to_string(order.key.attempt - 1) : "");
}

void describe_rank_for_slurm(Environment& environment, const model::LaunchOrder& order,
                             const Placement& placement) {
  const auto& step = *order.step;
  copy(environment, of_job);
  copy(environment, of_step);
  std::vector<std::string> names;
  std::vector<int> tasks;
  std::vector<int> ranks;
  int node = 0;  // its place among those of the step
  for (std::size_t i = 0; i < order.tasks.size(); ++i) {
    if (order.tasks[i] == 0) continue;
    if (static_cast<int>(i) < order.node_index) ++node;
    names.push_back(order.allocation.nodes[i].name);
    tasks.push_back(order.tasks[i]);
  }
  for (const auto& rank : placement.ranks) ranks.push_back(rank.rank);
  environment["SLURM_STEP_NODELIST"] = model::compress_hosts(names);
  environment["SLURM_STEP_TASKS_PER_NODE"] = compress_counts(tasks);
  environment["SLURM_TASKS_PER_NODE"] = compress_counts(tasks);
  environment["SLURM_NODEID"] = std::to_string(node);
  environment["SLURM_GTIDS"] = listed(ranks);
  environment["SLURM_CPUS_ON_NODE"] = std::to_string(share_of_step(order).cores.count());
  environment["SLURM_DISTRIBUTION"] = step.binding.by_node ? "cyclic" : "block";
  if (step.cpus_per_task) environment["SLURM_CPUS_PER_TASK"] = std::to_string(*step.cpus_per_task);
  describe_gpus(environment, "SLURM_STEP_GPUS", share_of_step(order).gpus);
  describe_binding(environment, placement);
  const auto launcher = order.addresses.empty() ? "127.0.0.1" : order.addresses.front();
  environment["SLURM_LAUNCH_NODE_IPADDR"] = launcher;
  environment["SLURM_SRUN_COMM_HOST"] = launcher;
  environment[slurm_pid_variable] = "";
}

}  // namespace mapping
