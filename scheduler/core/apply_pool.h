#pragma once
// What facts about pools and the lives of their nodes change; for apply() alone.

#include <string>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// A node that was not known before.
Node& add_node(State& state, model::NodeId id, const std::string& name, base::Time at);

/// Before the node becomes one of another kind, and after.
void forget_kind(State& state, const Node& node);
void note_kind(State& state, Node& node);

/// Its agent is here; called before its kind is noted.
void come_up(State& state, Node& node, base::Time at);

/// Its jobs are others than before.
void note_use(State& state, Node& node, base::Time at);

void apply_pool(State& state, const model::NodePlanned& fact, base::Time at);
void apply_pool(State& state, const model::NodeTurned& fact, base::Time at);
void apply_pool(State& state, const model::NodeTwin& fact, base::Time at);
void apply_pool(State& state, const model::PoolChanged& fact, base::Time at);
void apply_pool(State& state, const model::PoolStopped& fact, base::Time at);
void apply_pool(State& state, const model::PoolResumed& fact, base::Time at);
void apply_pool(State& state, const model::PoolStands& fact, base::Time at);

}  // namespace scheduler
