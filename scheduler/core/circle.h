#pragma once
// Jobs that would wait for each other: only a change of a request can bring that about, for a new
// job depends on older ones alone.

#include <vector>

#include "lib/model/ids.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// Through whom the waiting job, as it is given here, would wait for itself: 17, 20, 17. Empty
/// where it would not. A dependency of which one term is enough counts with all of its terms. cost:
/// O(jobs that it waits for, directly or not, x log jobs)
std::vector<model::JobId> circle_of(const State& state, const Job& job);

}  // namespace scheduler
