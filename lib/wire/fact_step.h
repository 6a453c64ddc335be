#pragma once
// The fact that a step has started, for fact.cpp.

#include "lib/model/fact.h"
#include "lib/wire/fact.pb.h"
#include "lib/wire/strict.h"

namespace wire {

namespace pb = ::muster::wire;

void write_step(const model::StepStarted& fact, pb::StepStarted& out);
model::StepStarted read_step(pb::StepStarted& in, Strict& strict);

}  // namespace wire
