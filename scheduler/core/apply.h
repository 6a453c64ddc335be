#pragma once
// The one door: all change of state, live and at restart alike.

#include "lib/model/fact.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// Makes of the state what it is after the fact. A fact that does not fit the state is a broken
/// invariant.
void apply(State& state, const model::Fact& fact);

/// The part of it that changes requests.
void apply_update(State& state, const model::JobUpdated& fact, base::Time at);

}  // namespace scheduler
