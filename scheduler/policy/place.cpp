#include "scheduler/policy/place.h"

#include <algorithm>
#include <map>

#include "lib/base/check.h"

namespace policy {

namespace {

using model::Demand;
using scheduler::Node;

constexpr std::size_t most_holders = 8;

bool fits(const Node& node, const Demand& demand) {
  return scheduler::free_cores(node).count() >= demand.cores &&
         scheduler::free_gpus(node).count() >= demand.gpus &&
         scheduler::free_memory(node) >= demand.memory;
}

model::NodeShare share_of(const Node& node, const Demand& demand) {
  model::NodeShare share{
      .node = node.id,
      .name = node.info.name,
      .tasks = demand.tasks,
      .cores = pick_cores(node.info.topology, scheduler::free_cores(node), demand.cores),
      .gpus = {},
      .memory = demand.memory};
  share.gpus = pick_gpus(node.info.topology, scheduler::free_gpus(node), demand.gpus, share.cores);
  return share;
}

std::vector<const Node*> ready_nodes(const scheduler::State& state,
                                     const std::vector<std::string>& pools) {
  std::vector<const Node*> nodes;
  for (const auto& [name, id] : state.node_by_name) {
    const auto& node = state.nodes.at(id);
    const bool is_allowed = std::ranges::find(pools, node.info.pool) != pools.end();
    if (is_allowed && scheduler::may_take_work(node)) nodes.push_back(&node);
  }
  return nodes;
}

/// Jobs on the nodes that do not fit, those that are known to end soonest first.
std::vector<model::JobId> holders(const scheduler::State& state,
                                  const std::vector<const Node*>& nodes, const Demand& demand) {
  std::map<model::JobId, base::Time> ends;
  for (const Node* node : nodes) {
    if (fits(*node, demand)) continue;
    for (const auto job : node->jobs) ends.emplace(job, base::Time::max());
  }
  for (const auto& [at, job] : state.time_limits) {
    if (const auto found = ends.find(job); found != ends.end()) found->second = at;
  }
  std::vector<model::JobId> jobs;
  for (const auto& [job, at] : ends) jobs.push_back(job);
  std::ranges::stable_sort(jobs, {}, [&ends](model::JobId job) { return ends.at(job); });
  if (jobs.size() > most_holders) jobs.resize(most_holders, model::JobId(0));
  return jobs;
}

model::Reason missing(const scheduler::State& state, const std::vector<const Node*>& ready,
                      int n_needed, const Demand& largest) {
  const int n_ready = static_cast<int>(ready.size());
  if (n_ready < n_needed) return model::NodesAway{.nodes_needed = n_needed, .nodes_ready = n_ready};
  const auto n_fitting =
      std::ranges::count_if(ready, [&](const Node* node) { return fits(*node, largest); });
  return model::ShortOfResources{.nodes_needed = n_needed,
                                 .nodes_ready = n_ready,
                                 .nodes_fitting = static_cast<int>(n_fitting),
                                 .per_node = largest,
                                 .holders = holders(state, ready, largest)};
}

/// The number of nodes is fixed: the i-th part goes to the first unused node that fits it.
std::expected<model::Allocation, model::Reason> place_fixed(const scheduler::State& state,
                                                            const model::Layout& layout,
                                                            std::vector<const Node*> ready) {
  const auto all = ready;
  model::Allocation allocation;
  const auto tasks = model::tasks_by_node(layout);
  for (const int n_tasks : tasks) {
    const auto demand = model::demand_of(layout, n_tasks);
    const auto found =
        std::ranges::find_if(ready, [&](const Node* node) { return fits(*node, demand); });
    if (found == ready.end()) {
      return std::unexpected(
          missing(state, all, *layout.nodes, model::demand_of(layout, tasks.front())));
    }
    allocation.nodes.push_back(share_of(**found, demand));
    ready.erase(found);
  }
  return allocation;
}

int room_on(const Node& node, const model::Layout& layout) {
  return tasks_that_fit(layout, scheduler::free_cores(node).count(),
                        scheduler::free_gpus(node).count(), scheduler::free_memory(node));
}

/// The number of nodes is free: one node that takes all, else each node takes what it can.
std::expected<model::Allocation, model::Reason> place_free(const scheduler::State& state,
                                                           const model::Layout& layout,
                                                           const std::vector<const Node*>& ready) {
  model::Allocation allocation;
  const auto whole = model::demand_of(layout, layout.tasks);
  const auto one = std::ranges::find_if(
      ready, [&](const Node* node) { return room_on(*node, layout) >= layout.tasks; });
  if (one != ready.end()) {
    allocation.nodes.push_back(share_of(**one, whole));
    return allocation;
  }
  int left = layout.tasks;
  for (const Node* node : ready) {
    const int here = std::min(left, room_on(*node, layout));
    if (here <= 0) continue;
    allocation.nodes.push_back(share_of(*node, model::demand_of(layout, here)));
    left -= here;
    if (left == 0) return allocation;
  }
  return std::unexpected(missing(state, ready, 1, whole));
}

}  // namespace

int tasks_that_fit(const model::Layout& layout, int cores, int gpus, base::Bytes memory) {
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

model::CoreSet pick_cores(const model::Topology& topology, const model::CoreSet& free, int n) {
  std::map<int, model::CoreSet> by_numa;
  for (const int core : free.members()) {
    by_numa[topology.cores[static_cast<std::size_t>(core)].numa].add(core);
  }
  const model::CoreSet* best = nullptr;
  for (const auto& [numa, cores] : by_numa) {
    if (cores.count() >= n && (best == nullptr || cores.count() < best->count())) best = &cores;
  }
  if (best != nullptr) return best->take(n);
  return free.take(n);
}

model::GpuSet pick_gpus(const model::Topology& topology, const model::GpuSet& free, int n,
                        const model::CoreSet& cores) {
  std::set<int> near;
  for (const int core : cores.members())
    near.insert(topology.cores[static_cast<std::size_t>(core)].numa);
  model::GpuSet near_gpus;
  for (const int gpu : free.members()) {
    if (near.contains(topology.gpus[static_cast<std::size_t>(gpu)].numa)) near_gpus.add(gpu);
  }
  auto picked = near_gpus.take(n);
  return picked | (free - picked).take(n - picked.count());
}

std::expected<model::Allocation, model::Reason> place(const scheduler::State& state,
                                                      const model::Layout& layout,
                                                      const std::vector<std::string>& pools) {
  const auto ready = ready_nodes(state, pools);
  return layout.nodes ? place_fixed(state, layout, ready) : place_free(state, layout, ready);
}

}  // namespace policy
