#pragma once
// Facts about pools and their nodes, for fact.cpp.

#include "lib/model/fact.h"
#include "lib/wire/fact.pb.h"
#include "lib/wire/strict.h"

namespace wire {

namespace pb = ::muster::wire;

void write_pool_fact(const model::NodePlanned& fact, pb::NodePlanned& out);
void write_pool_fact(const model::NodeTurned& fact, pb::NodeTurned& out);
void write_pool_fact(const model::PoolChanged& fact, pb::PoolChanged& out);
void write_pool_fact(const model::PoolStopped& fact, pb::PoolStopped& out);
void write_pool_fact(const model::PoolResumed& fact, pb::PoolResumed& out);
void write_pool_fact(const model::PoolStands& fact, pb::PoolStands& out);

/// The body must be one of these.
model::FactBody read_of_pools(pb::Fact& in, Strict& strict);

}  // namespace wire
