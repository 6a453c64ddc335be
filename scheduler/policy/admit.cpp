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

using Kinds = std::vector<std::pair<scheduler::NodeKind, int>>;  // and how many there are

Kinds kinds_in(const scheduler::View& view, const std::string& pool) {
  Kinds kinds;
  for (const auto& [kind, n_nodes] : view.state.node_kinds) {
    if (pool.empty() || kind.pool == pool) kinds.emplace_back(kind, n_nodes);
  }
  return kinds;
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
base::Result<void> one_task_fits(const Kinds& kinds, const model::Layout& layout,
                                 const std::string& where) {
  const auto one = model::demand_of(layout, 1);
  scheduler::NodeKind most;
  for (const auto& [node, n_nodes] : kinds) {
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

/// Tasks that a node can take, and how many such nodes there are; the roomiest first.
using Rooms = std::vector<std::pair<int, int>>;

base::Result<void> free_number_fits(const Rooms& rooms, const model::Layout& layout,
                                    const std::string& where) {
  std::int64_t total = 0;
  for (const auto& [tasks, n_nodes] : rooms) total += std::int64_t{tasks} * n_nodes;
  if (total >= layout.tasks) return {};
  return fail(Code::invalid,
              fmt::format("{} with {} each do not fit {}; the most that can run is --ntasks={}",
                          plural(layout.tasks, "task"), plural(layout.cpus_per_task, "core"), where,
                          total));
}

/// The tasks that the node with this place can take, the roomiest having place 0.
int room_at(const Rooms& rooms, int place) {
  for (const auto& [tasks, n_nodes] : rooms) {
    if (place < n_nodes) return tasks;
    place -= n_nodes;
  }
  return 0;
}

base::Result<void> fixed_number_fits(const Rooms& rooms, const model::Layout& layout,
                                     const std::string& where) {
  const int wanted = *layout.nodes;
  int usable = 0;
  for (const auto& [tasks, n_nodes] : rooms) {
    if (tasks > 0) usable += n_nodes;
  }
  if (wanted > usable) {
    return fail(
        Code::invalid,
        fmt::format("the request is for {}, but {} {} could run its tasks; the most that can "
                    "run is --nodes={}",
                    plural(*layout.nodes, "node"), usable, where, usable));
  }
  const auto tasks = model::tasks_by_node(layout);
  for (int i = 0; i < wanted; ++i) {
    const int here = tasks[static_cast<std::size_t>(i)];
    if (here <= room_at(rooms, i)) continue;
    const int even = room_at(rooms, wanted - 1);
    return fail(
        Code::invalid,
        fmt::format("{} with {} each on one node do not fit {}; the most that can run on {} is "
                    "--ntasks-per-node={}",
                    plural(here, "task"), plural(layout.cpus_per_task, "core"), where,
                    plural(*layout.nodes, "node"), even));
  }
  return {};
}

}  // namespace

base::Result<void> admit(const scheduler::View& view, const model::Layout& layout,
                         const std::string& pool) {
  if (auto known = known_pool(view, pool); !known) return known;
  const auto kinds = kinds_in(view, pool);
  if (kinds.empty()) return {};
  const auto where =
      pool.empty() ? std::string("in this cluster") : fmt::format("in pool '{}'", pool);
  if (auto fits = one_task_fits(kinds, layout, where); !fits) return fits;

  Rooms rooms;
  for (const auto& [node, n_nodes] : kinds)
    rooms.emplace_back(tasks_that_fit(layout, node.cores, node.gpus, node.memory), n_nodes);
  std::ranges::sort(rooms, std::greater());
  return layout.nodes ? fixed_number_fits(rooms, layout, where)
                      : free_number_fits(rooms, layout, where);
}

}  // namespace policy
