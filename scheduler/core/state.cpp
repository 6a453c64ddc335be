#include "scheduler/core/state.h"

namespace scheduler {

NamesakeKey namesake_key(const Job& job) {
  return {job.user.uid, job.spec->name};
}

bool may_take_work(const Node& node) {
  const bool stays = !node.provided || node.provided->life == model::NodeLife::up;
  const bool is_open = !node.eviction && !node.drain;
  return node.phase == NodePhase::ready && node.strays.empty() && stays && is_open && is_fit(node);
}

bool is_fit(const Node& node) {
  return !node.condition || node.condition->fitness == model::Fitness::ready;
}

base::Time eviction_end(const Node& node) {
  const auto& eviction = *node.eviction;
  const bool waits_for_jobs_only = node.provided || !eviction.by.empty();
  return waits_for_jobs_only && node.jobs.empty() ? eviction.until : eviction.over_at;
}

bool holds_back(const Node& node) {
  return node.undying || (node.condition && !node.condition->gpus.empty());
}

model::CoreSet held_cores(const Node& node) {
  return node.undying ? model::cores_of(*node.undying) : model::CoreSet();
}

model::GpuSet held_gpus(const Node& node) {
  auto gpus = node.undying ? model::gpus_of(*node.undying) : model::GpuSet();
  if (node.condition) gpus |= model::gpus_of(node.condition->gpus);
  return gpus;
}

model::CoreSet free_cores(const Node& node) {
  const auto n_cores = static_cast<int>(node.info.topology.cores.size());
  const auto unused = model::CoreSet::range(0, n_cores) - node.cores_used;
  return node.undying ? unused - held_cores(node) : unused;
}

model::GpuSet free_gpus(const Node& node) {
  const auto n_gpus = static_cast<int>(node.info.topology.gpus.size());
  const auto unused = model::GpuSet::range(0, n_gpus) - node.gpus_used;
  return holds_back(node) ? unused - held_gpus(node) : unused;
}

int n_free_cores(const Node& node) {
  if (node.undying) return free_cores(node).count();
  const auto n_cores = static_cast<int>(node.info.topology.cores.size());
  return n_cores - node.cores_used.count_below(n_cores);
}

int n_free_gpus(const Node& node) {
  if (holds_back(node)) return free_gpus(node).count();
  const auto n_gpus = static_cast<int>(node.info.topology.gpus.size());
  return n_gpus - node.gpus_used.count_below(n_gpus);
}

base::Bytes free_memory(const Node& node) {
  const auto memory = node.info.topology.memory;
  return node.memory_used < memory ? memory - node.memory_used : base::Bytes();
}

Amounts free_amounts(const Node& node) {
  return {.cores = n_free_cores(node), .gpus = n_free_gpus(node), .memory = free_memory(node)};
}

}  // namespace scheduler
