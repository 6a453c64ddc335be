#include "scheduler/policy/place.h"

#include <algorithm>

namespace policy {

int room_in(const model::Layout& layout, const scheduler::Amounts& free,
            const scheduler::Amounts& whole) {
  if (layout.whole_nodes && free != whole) return 0;
  const auto& [cores, gpus, memory] = free;
  const auto one = model::demand_of(layout, 1);
  if (one.cores > cores || one.gpus > gpus || one.memory > memory) return 0;
  int tasks = cores / layout.cpus_per_task;
  if (layout.gpus_per_task > 0) tasks = std::min(tasks, gpus / layout.gpus_per_task);
  const auto memory_per_task =
      layout.memory_per_cpu * static_cast<std::uint64_t>(layout.cpus_per_task);
  if (memory_per_task > base::Bytes()) {
    const auto left = memory - layout.memory_per_node;
    tasks = std::min(tasks, static_cast<int>(std::min<std::uint64_t>(
                                left.count() / memory_per_task.count(), 1'000'000)));
  }
  return layout.most_tasks_per_node ? std::min(tasks, *layout.most_tasks_per_node) : tasks;
}

model::Demand demand_on(const model::Layout& layout, int tasks, const scheduler::Amounts& whole) {
  if (!layout.whole_nodes) return model::demand_of(layout, tasks);
  return {.tasks = tasks, .cores = whole.cores, .gpus = whole.gpus, .memory = whole.memory};
}

}  // namespace policy
