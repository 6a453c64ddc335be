#pragma once
// What facts about evictions, drained nodes and the condition of nodes change.

#include <chrono>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// Its place among the evictions, before what it depends on changes and after. Of a node that is
/// not evicted: nothing.
void unindex_eviction(State& state, const Node& node);
void index_eviction(State& state, const Node& node);

/// The booking that stands for the end of its node, by what its agent says. The caller keeps the
/// kind of the node.
void note_end(State& state, Node& node, base::Time at);
void forget_end(State& state, Node& node);

/// For so long before its end a node is evicted.
constexpr base::Duration end_notice = std::chrono::seconds(30);

/// The node was taken, or is there to stay. The caller keeps the index of ready nodes.
void forget_eviction(State& state, Node& node);

/// The index of ready nodes is the caller's.
void note_condition(State& state, Node& node, const model::NodeCondition& condition);

void apply_node(State& state, const model::NodeEvicted& fact, base::Time at);
void apply_node(State& state, const model::NodeEvictionOver& fact, base::Time at);
void apply_node(State& state, const model::NodeDrained& fact, base::Time at);
void apply_node(State& state, const model::NodeResumed& fact, base::Time at);
void apply_node(State& state, const model::NodeConditioned& fact, base::Time at);
void apply_node(State& state, const model::NodeSuspected& fact, base::Time at);
void apply_node(State& state, const model::NodeQuarantined& fact, base::Time at);
void apply_node(State& state, const model::GpusIdle& fact, base::Time at);

}  // namespace scheduler
