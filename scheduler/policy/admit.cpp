#include "scheduler/policy/admit.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"
#include "scheduler/policy/place.h"

namespace policy {

namespace {

using base::Code;
using base::fail;
using base::plural;

/// All that a node has, whoever uses it now.
struct Capacity {
  int cores = 0;
  int gpus = 0;
  base::Bytes memory;
};

std::vector<Capacity> capacities(const scheduler::View& view, const std::string& pool) {
  std::vector<Capacity> all;
  for (const auto& [id, node] : view.state.nodes) {
    if (!pool.empty() && node.info.pool != pool) continue;
    const auto& topology = node.info.topology;
    all.push_back({static_cast<int>(topology.cores.size()), static_cast<int>(topology.gpus.size()),
                   topology.memory});
  }
  return all;
}

base::Result<void> known_pool(const scheduler::View& view, const std::string& pool) {
  if (pool.empty() || std::ranges::find(view.pools, pool) != view.pools.end()) return {};
  const std::vector<std::string_view> names(view.pools.begin(), view.pools.end());
  const auto near = base::nearest(pool, names);
  return fail(Code::not_found, fmt::format("there is no pool '{}'; {}", base::printable(pool),
                                           near ? fmt::format("did you mean '{}'?", *near)
                                                : "the pools are " + base::join(view.pools, ", ")));
}

/// One resource that no node has enough of for even the smallest part of the request.
base::Result<void> one_task_fits(const std::vector<Capacity>& nodes, const model::Layout& layout,
                                 const std::string& where) {
  const auto one = model::demand_of(layout, 1);
  Capacity most;
  for (const auto& node : nodes) {
    most.cores = std::max(most.cores, node.cores);
    most.gpus = std::max(most.gpus, node.gpus);
    most.memory = std::max(most.memory, node.memory);
  }
  if (one.cores > most.cores) {
    return fail(
        Code::invalid,
        fmt::format("a task needs {}, but the largest node {} has {}; the most that can run "
                    "is --cpus-per-task={}",
                    plural(one.cores, "core"), where, plural(most.cores, "core"), most.cores));
  }
  if (one.gpus > most.gpus) {
    const auto nearest = most.gpus == 0 ? "leave the GPU options out"
                                        : fmt::format("the most that can run is {} on a node",
                                                      plural(most.gpus, "GPU"));
    return fail(Code::invalid, fmt::format("a node needs {}, but no node {} has more than {}; {}",
                                           plural(one.gpus, "GPU"), where, most.gpus, nearest));
  }
  if (one.memory > most.memory) {
    return fail(
        Code::invalid,
        fmt::format("a node needs {} of memory, but the largest node {} has {}; the most that "
                    "can run is --mem={}M",
                    to_text(one.memory), where, to_text(most.memory), most.memory.count() >> 20));
  }
  return {};
}

base::Result<void> free_number_fits(const std::vector<int>& room, const model::Layout& layout,
                                    const std::string& where) {
  std::int64_t total = 0;
  for (const int tasks : room) total += tasks;
  if (total >= layout.tasks) return {};
  return fail(Code::invalid,
              fmt::format("{} with {} each do not fit {}; the most that can run is --ntasks={}",
                          plural(layout.tasks, "task"), plural(layout.cpus_per_task, "core"), where,
                          total));
}

/// `room` is sorted, the roomiest node first.
base::Result<void> fixed_number_fits(const std::vector<int>& room, const model::Layout& layout,
                                     const std::string& where) {
  const auto wanted = static_cast<std::size_t>(*layout.nodes);
  const auto usable =
      static_cast<std::size_t>(std::ranges::count_if(room, [](int tasks) { return tasks > 0; }));
  if (wanted > usable) {
    return fail(
        Code::invalid,
        fmt::format("the request is for {}, but {} {} could run its tasks; the most that can "
                    "run is --nodes={}",
                    plural(*layout.nodes, "node"), usable, where, usable));
  }
  const auto tasks = model::tasks_by_node(layout);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i] <= room[i]) continue;
    const int even = room[wanted - 1];
    return fail(
        Code::invalid,
        fmt::format("{} with {} each on one node do not fit {}; the most that can run on {} is "
                    "--ntasks-per-node={}",
                    plural(tasks[i], "task"), plural(layout.cpus_per_task, "core"), where,
                    plural(*layout.nodes, "node"), even));
  }
  return {};
}

}  // namespace

base::Result<void> admit(const scheduler::View& view, const model::Layout& layout,
                         const std::string& pool) {
  if (auto known = known_pool(view, pool); !known) return known;
  const auto nodes = capacities(view, pool);
  if (nodes.empty()) return {};
  const auto where =
      pool.empty() ? std::string("in this cluster") : fmt::format("in pool '{}'", pool);
  if (auto fits = one_task_fits(nodes, layout, where); !fits) return fits;

  std::vector<int> room;
  for (const auto& node : nodes)
    room.push_back(tasks_that_fit(layout, node.cores, node.gpus, node.memory));
  std::ranges::sort(room, std::greater());
  return layout.nodes ? fixed_number_fits(room, layout, where)
                      : free_number_fits(room, layout, where);
}

}  // namespace policy
