#include "scheduler/core/ready_nodes.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "scheduler/core/state.h"

namespace scheduler {

namespace {

Amounts size_of(const Node& node) {
  const auto kind = kind_of(node.info);
  return {.cores = kind.cores, .gpus = kind.gpus, .memory = kind.memory};
}

/// Takes the entry of a node out of the group of those with as much free.
NodesByName::node_type extract(ReadyPool& pool, const Node& node, const Amounts& free) {
  const auto group = pool.by_free.find(free);
  base::check(group != pool.by_free.end(), "a node that is ready is indexed by what is free on it");
  auto& nodes = group->second;
  const bool is_first = nodes.begin()->first == node.info.name;  // as a rule: the best fit
  auto entry = nodes.extract(is_first ? nodes.begin() : nodes.find(node.info.name));
  if (nodes.empty()) pool.by_free.erase(group);
  return entry;
}

}  // namespace

void add(ReadyNodes& ready, const Node& node) {
  const auto number = std::size_t{node.id.number()};
  ready.free.resize(std::max(ready.free.size(), number + 1));
  if (!may_take_work(node)) return;
  const auto free = free_amounts(node);
  const auto size = size_of(node);
  ready.free[number] = free;
  auto& pool = ready.pools[node.info.pool];
  pool.by_free[free].emplace(node.info.name, node.id);
  ++pool.by_size[size];
  ++pool.n_nodes;
  pool.free_cores += free.cores;
  pool.whole.cores += size.cores;
  pool.whole.gpus += size.gpus;
  pool.whole.memory += size.memory;
}

void remove(ReadyNodes& ready, const Node& node) {
  const auto free = std::exchange(ready.free[node.id.number()], std::nullopt);
  if (!free) return;
  const auto found = ready.pools.find(node.info.pool);
  auto& pool = found->second;
  const auto size = size_of(node);
  (void)extract(pool, node, *free);
  if (--pool.by_size.at(size) == 0) pool.by_size.erase(size);
  pool.free_cores -= free->cores;
  pool.whole.cores -= size.cores;
  pool.whole.gpus -= size.gpus;
  pool.whole.memory -= size.memory;
  if (--pool.n_nodes == 0) ready.pools.erase(found);
}

void change(ReadyNodes& ready, const Node& node) {
  auto& known = ready.free[node.id.number()];
  if (!known) return;
  const auto free = free_amounts(node);
  if (free == *known) return;
  auto& pool = ready.pools.at(node.info.pool);
  pool.by_free[free].insert(extract(pool, node, *known));
  pool.free_cores += free.cores - known->cores;
  known = free;
}

}  // namespace scheduler
