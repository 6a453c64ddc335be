#include "scheduler/core/apply_node.h"

namespace scheduler {

using base::Time;

namespace {

void forget_drain(State& state, Node& node) {
  if (node.drain && node.drain->until) state.drains.erase({*node.drain->until, node.id});
  node.drain.reset();
}

}  // namespace

void unindex_eviction(State& state, const Node& node) {
  if (node.eviction) state.evictions.erase({eviction_end(node), node.id});
}

void index_eviction(State& state, const Node& node) {
  if (node.eviction) state.evictions.emplace(eviction_end(node), node.id);
}

void forget_eviction(State& state, Node& node) {
  unindex_eviction(state, node);
  node.eviction.reset();
}

void apply_node(State& state, const model::NodeEvicted& fact, Time at) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_eviction(state, node);
  node.eviction = Eviction{.since = at,
                           .until = fact.until,
                           .over_at = fact.over_at,
                           .cause = fact.cause,
                           .by = fact.by};
  index_eviction(state, node);
}

void apply_node(State& state, const model::NodeEvictionOver& fact, Time) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_eviction(state, node);
  add(state.ready, node);
}

void apply_node(State& state, const model::NodeDrained& fact, Time at) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_drain(state, node);
  node.drain = Drain{.since = at, .by = fact.by, .reason = fact.reason, .until = fact.until};
  if (fact.until) state.drains.emplace(*fact.until, node.id);
}

void apply_node(State& state, const model::NodeResumed& fact, Time) {
  auto& node = state.nodes.at(fact.node);
  remove(state.ready, node);
  forget_drain(state, node);
  add(state.ready, node);
}

}  // namespace scheduler
