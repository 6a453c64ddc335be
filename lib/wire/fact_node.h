#pragma once
// Facts about evictions, about nodes that are drained and about whether they are fit for work, for
// fact.cpp.

#include "lib/model/fact.h"
#include "lib/wire/fact.pb.h"
#include "lib/wire/strict.h"

namespace wire {

namespace pb = ::muster::wire;

void write_node_fact(const model::NodeEvicted& fact, pb::Fact& out);
void write_node_fact(const model::NodeEvictionOver& fact, pb::Fact& out);
void write_node_fact(const model::AttemptEvicted& fact, pb::Fact& out);
void write_node_fact(const model::NodeDrained& fact, pb::Fact& out);
void write_node_fact(const model::NodeResumed& fact, pb::Fact& out);
void write_node_fact(const model::GraceShortened& fact, pb::Fact& out);
void write_node_fact(const model::NodeTwin& fact, pb::Fact& out);
void write_node_fact(const model::NodeConditioned& fact, pb::Fact& out);
void write_node_fact(const model::NodeSuspected& fact, pb::Fact& out);
void write_node_fact(const model::NodeQuarantined& fact, pb::Fact& out);
void write_node_fact(const model::GpusIdle& fact, pb::Fact& out);

/// The body must be one of these.
model::FactBody read_node_fact(pb::Fact& in, Strict& strict);

}  // namespace wire
