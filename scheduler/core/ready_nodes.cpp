#include "scheduler/core/ready_nodes.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "scheduler/core/state.h"

namespace scheduler {

namespace {

/// Takes the entry of a node out of the group of those with as much free.
NodesByName::node_type extract(ReadyKind& kind, const Node& node, const Amounts& free) {
  const auto group = kind.by_free.find(free);
  base::check(group != kind.by_free.end(), "a node that is ready is indexed by what is free on it");
  auto& nodes = group->second;
  const bool is_first = nodes.begin()->first == node.info.name;  // as a rule: the best fit
  auto entry = nodes.extract(is_first ? nodes.begin() : nodes.find(node.info.name));
  if (nodes.empty()) kind.by_free.erase(group);
  return entry;
}

}  // namespace

Amounts whole_of(const NodeKind& kind) {
  return {.cores = kind.cores, .gpus = kind.gpus, .memory = kind.memory};
}

void add(ReadyNodes& ready, const Node& node) {
  const auto number = std::size_t{node.id.number()};
  ready.free.resize(std::max(ready.free.size(), number + 1));
  if (!may_take_work(node)) return;
  const auto free = free_amounts(node);
  ready.free[number] = free;
  auto& kind = ready.kinds[node.kind];
  kind.by_free[free].emplace(node.info.name, node.id);
  ++kind.n_nodes;
  kind.free_cores += free.cores;
}

void remove(ReadyNodes& ready, const Node& node) {
  const auto free = std::exchange(ready.free[node.id.number()], std::nullopt);
  if (!free) return;
  const auto found = ready.kinds.find(node.kind);
  auto& kind = found->second;
  (void)extract(kind, node, *free);
  kind.free_cores -= free->cores;
  if (--kind.n_nodes == 0) ready.kinds.erase(found);
}

void change(ReadyNodes& ready, const Node& node) {
  auto& known = ready.free[node.id.number()];
  if (!known) return;
  const auto free = free_amounts(node);
  if (free == *known) return;
  auto& kind = ready.kinds.at(node.kind);
  auto entry = extract(kind, node, *known);
  auto& nodes = kind.by_free[free];
  nodes.insert(nodes.end(), std::move(entry));  // as a rule they come in order
  kind.free_cores += free.cores - known->cores;
  known = free;
}

}  // namespace scheduler
