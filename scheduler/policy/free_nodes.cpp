#include "scheduler/policy/free_nodes.h"

#include <algorithm>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"

namespace policy {

using scheduler::Amounts;
using scheduler::Node;

FreeNodes::FreeNodes(const scheduler::View& view)
    : pool_names_(view.pools),
      pools_(view.pools.size()),
      marks_(view.state.next_node.number(), Whereabouts::state) {
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    const auto ready = view.state.ready.pools.find(view.pools[i]);
    if (ready == view.state.ready.pools.end()) continue;
    n_nodes_ += ready->second.n_nodes;
    pools_[i].rest.reserve(ready->second.by_free.size());
    for (const auto& [free, nodes] : ready->second.by_free)
      pools_[i].rest.push_back({free, nodes.begin(), nodes.end(), nodes.size()});
  }
}

std::size_t FreeNodes::pool_of(const Node& node) const {
  return static_cast<std::size_t>(std::ranges::find(pool_names_, node.info.pool) -
                                  pool_names_.begin());
}

bool FreeNodes::allows(const Request& request, const Node& node) const {
  const auto pool = pool_of(node);
  return pool < pools_.size() && request.pools[pool];
}

/// Calls `visit` with each group that has room, its room, and where its nodes are.
template <class Visit>
void FreeNodes::for_each_group(const Request& request, Visit visit) const {
  const auto& layout = request.layout;
  const int least = least_room(layout);
  const int least_cores = least * layout.cpus_per_task;
  const auto room = [&](const Amounts& free) {
    const int tasks = tasks_that_fit(layout, free.cores, free.gpus, free.memory);
    return tasks < least ? 0 : tasks;
  };
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    if (!request.pools[i]) continue;
    const auto& rest = pools_[i].rest;
    for (auto group = std::ranges::lower_bound(rest, least_cores, {},
                                               [](const Rest& each) { return each.free.cores; });
         group != rest.end(); ++group) {
      if (const int tasks = room(group->free); tasks > 0 && group->n_nodes > 0)
        visit(Shelf{tasks, {}, group->first, group->last, Whereabouts::state}, group->n_nodes);
    }
    const auto& moved = pools_[i].moved;
    for (auto group = moved.lower_bound({.cores = least_cores, .gpus = 0, .memory = {}});
         group != moved.end(); ++group) {
      const auto& nodes = group->second;
      if (const int tasks = room(group->first); tasks > 0)
        visit(Shelf{tasks, {}, nodes.begin(), nodes.end(), Whereabouts::pass}, nodes.size());
    }
  }
}

std::vector<Shelf> FreeNodes::shelves(const Request& request) const {
  std::vector<Shelf> shelves;
  for_each_group(request, [&](const Shelf& shelf, std::size_t) { shelves.push_back(shelf); });
  return shelves;
}

Roominess FreeNodes::roominess(const Request& request) const {
  Roominess roominess(request.layout);
  for_each_group(request, [&](const Shelf& shelf, std::size_t n_nodes) {
    roominess.add(shelf.room, n_nodes);
  });
  return roominess;
}

/// Takes the node out of where it is.
void FreeNodes::leave(const Node& node, const Amounts& free, Whereabouts to) {
  auto& pool = pools_[pool_of(node)];
  const auto from = std::exchange(marks_[node.id.number()], to);
  base::check(from != Whereabouts::alone, "a node that was set apart is in no group");
  if (from == Whereabouts::pass) {
    const auto group = pool.moved.find(free);
    group->second.erase(node.info.name);
    if (group->second.empty()) pool.moved.erase(group);
    return;
  }
  const auto group = std::ranges::lower_bound(pool.rest, free, {}, &Rest::free);
  --group->n_nodes;
  while (group->first != group->last && mark_of(group->first->second) != Whereabouts::state)
    ++group->first;
}

void FreeNodes::move(const Node& node, const Amounts& from, const Amounts& to) {
  leave(node, from, Whereabouts::pass);
  pools_[pool_of(node)].moved[to].emplace(node.info.name, node.id);
}

void FreeNodes::set_apart(const Node& node, const Amounts& free) {
  leave(node, free, Whereabouts::alone);
}

}  // namespace policy
