#pragma once
// What must hold in every state; checked after each input in tests and in the simulator.

#include <optional>
#include <string>

#include "scheduler/core/state.h"

namespace scheduler {

/// The first violation found, in a sentence; nullopt: the state is sound.
/// cost: O(jobs + nodes)
std::optional<std::string> violation(const State& state);

}  // namespace scheduler
