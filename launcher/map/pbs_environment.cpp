#include "launcher/map/pbs_environment.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "launcher/map/rank_roles.h"

namespace mapping {

namespace {

using model::Environment;

/// "17", and of a task "17[4]": qstat, qdel and job dependencies take both.
std::string id_of(const model::LaunchOrder& order) {
  if (!order.task) return to_text(order.key.job);
  return to_text(order.task->array) + "[" + std::to_string(order.task->index) + "]";
}

void describe_task(Environment& environment, const model::ArrayTask& task) {
  environment["PBS_ARRAY_ID"] = to_text(task.array) + "[]";
  environment["PBS_ARRAY_INDEX"] = std::to_string(task.index);
  environment["PBS_ARRAYID"] = std::to_string(task.index);  // Torque's name of the same
}

/// As many threads as cores, unless the job says another number.
void describe_cores(Environment& environment, int cores) {
  environment["NCPUS"] = std::to_string(cores);
  environment.try_emplace("OMP_NUM_THREADS", std::to_string(cores));
}

}  // namespace

std::string pbs_nodes(const model::Allocation& allocation) {
  std::string text;
  for (const auto& share : allocation.nodes) {
    for (int task = 0; task < share.tasks; ++task) text += share.name + "\n";
  }
  return text;
}

void describe_for_pbs(Environment& environment, const model::LaunchOrder& order,
                      const std::string& node_file) {
  const auto& job = *order.job;
  const auto& share = order.allocation.nodes[static_cast<std::size_t>(order.node_index)];
  environment["PBS_ENVIRONMENT"] = "PBS_BATCH";
  environment["PBS_JOBID"] = id_of(order);
  environment["PBS_JOBNAME"] = job.name;
  environment["PBS_JOBDIR"] = job.work_dir;
  environment["PBS_QUEUE"] = order.pool;
  environment["PBS_NUM_NODES"] = std::to_string(order.allocation.nodes.size());
  environment["PBS_NUM_PPN"] = std::to_string(share.tasks);
  environment["PBS_NP"] = std::to_string(n_tasks(order.allocation));
  environment["PBS_NODENUM"] = std::to_string(order.node_index);
  environment["PBS_TASKNUM"] = "1";
  if (!node_file.empty()) environment["PBS_NODEFILE"] = node_file;
  if (order.task) describe_task(environment, *order.task);
  if (job.time_limit) {
    const auto limit = std::chrono::duration_cast<std::chrono::seconds>(*job.time_limit);
    environment["PBS_WALLTIME"] = std::to_string(std::int64_t{limit.count()});
  }
  describe_cores(environment, share.cores.count());
}

void describe_rank_for_pbs(Environment& environment, const model::LaunchOrder& order,
                           const RankPlace& rank) {
  environment["PBS_NODENUM"] = std::to_string(order.node_index);
  environment["PBS_TASKNUM"] = std::to_string(rank.rank + 1);
  // What the script's launcher said of threads is for the script's cores.
  const auto threads = environment.find("OMP_NUM_THREADS");
  const auto cores = environment.find("NCPUS");
  const bool is_ours = threads != environment.end() && cores != environment.end() &&
                       threads->second == cores->second;
  if (is_ours) environment.erase(threads);
  describe_cores(environment, RankRoles(order).cores_of(rank.rank));
}

}  // namespace mapping
