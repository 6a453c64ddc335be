#include "scheduler/policy/free_nodes.h"

#include <algorithm>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"

namespace policy {

using scheduler::Amounts;
using scheduler::Node;

FreeNodes::FreeNodes(const scheduler::View& view, const Kinds& kinds)
    : marks_(view.state.next_node.number(), Whereabouts::state) {
  groups_.reserve(kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& ready = kinds.ready(i);
    n_nodes_ += ready.n_nodes;
    auto& groups = groups_.emplace_back(Groups{.whole = scheduler::whole_of(kinds.kind(i)),
                                               .rest = {},
                                               .moved = {},
                                               .free_cores = ready.free_cores});
    groups.rest.reserve(ready.by_free.size());
    for (const auto& [free, nodes] : ready.by_free)
      groups.rest.push_back({free, nodes.begin(), nodes.end(), nodes.size()});
  }
}

/// Calls `visit` with each group that has room for so many tasks.
template <class Visit>
void FreeNodes::for_each_group(const Request& request, const KindSet& kinds, int least,
                               Visit visit) const {
  const auto& layout = request.layout;
  const int least_cores = least * layout.cpus_per_task;
  if (request.nodes->is_listed) return;  // each by itself
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (!kinds[i]) continue;
    const auto& [whole, rest, moved, free_cores] = groups_[i];
    const auto look_at = [&](const Amounts& free, auto first, auto last, std::size_t n_nodes,
                             Whereabouts farthest) {
      const int tasks = room_in(layout, free, whole);
      if (tasks >= least && tasks > 0 && n_nodes > 0)
        visit(Shelf{tasks, {}, first, last, farthest, n_nodes, i});
    };
    for (auto group = std::ranges::lower_bound(rest, least_cores, {},
                                               [](const Rest& each) { return each.free.cores; });
         group != rest.end(); ++group)
      look_at(group->free, group->first, group->last, group->n_nodes, Whereabouts::state);
    for (auto group = moved.lower_bound({.cores = least_cores, .gpus = 0, .memory = {}});
         group != moved.end(); ++group) {
      const auto& nodes = group->second;
      look_at(group->first, nodes.begin(), nodes.end(), nodes.size(), Whereabouts::pass);
    }
  }
}

std::vector<Shelf> FreeNodes::shelves(const Request& request, const KindSet& kinds,
                                      int least) const {
  std::vector<Shelf> shelves;
  for_each_group(request, kinds, least, [&](const Shelf& shelf) { shelves.push_back(shelf); });
  return shelves;
}

Roominess FreeNodes::roominess(const Request& request, const KindSet& kinds) const {
  Roominess roominess(request.layout);
  for_each_group(request, kinds, least_room(request.layout),
                 [&](const Shelf& shelf) { roominess.add(shelf.room, shelf.n_nodes); });
  return roominess;
}

/// Takes the node out of where it is.
void FreeNodes::leave(const Node& node, std::size_t kind, const Amounts& free, Whereabouts to) {
  auto& groups = groups_[kind];
  const auto from = std::exchange(marks_[node.id.number()], to);
  base::check(from != Whereabouts::alone, "a node that was set apart is in no group");
  if (from == Whereabouts::pass) {
    const auto group = groups.moved.find(free);
    group->second.erase(node.info.name);
    if (group->second.empty()) groups.moved.erase(group);
    return;
  }
  const auto group = std::ranges::lower_bound(groups.rest, free, {}, &Rest::free);
  --group->n_nodes;
  while (group->first != group->last && mark_of(group->first->second) != Whereabouts::state)
    ++group->first;
}

void FreeNodes::move(const Node& node, std::size_t kind, const Amounts& from, const Amounts& to) {
  leave(node, kind, from, Whereabouts::pass);
  auto& nodes = groups_[kind].moved[to];
  nodes.emplace_hint(nodes.end(), node.info.name, node.id);  // as a rule they come in order
}

void FreeNodes::set_apart(const Node& node, std::size_t kind, const Amounts& free) {
  leave(node, kind, free, Whereabouts::alone);
}

}  // namespace policy
