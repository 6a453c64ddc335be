#pragma once
// Where a step goes, beside the others of its attempt: its tasks, and the cores and GPUs that are
// its own where it asks for such.

#include <vector>

#include "lib/base/result.h"
#include "scheduler/core/job.h"
#include "scheduler/core/state.h"

namespace scheduler {

struct StepPlace {
  std::vector<int> tasks;                // for each node of the allocation
  std::vector<model::StepShare> shares;  // the same; none: it has no cores of its own
};

/// A step that asks for none is placed as if it were alone. One that does gets cores, and as many
/// GPUs as it names, that no other such step has; without a number of GPUs it sees all of the
/// job's. errors: as of step_tasks(), and unavailable while the others have too much of it
base::Result<StepPlace> place_step(const State& state, const Job& job, const Attempt& attempt,
                                   const model::StepSpec& spec);

/// What live steps of the attempt have for their own, by node of its allocation.
std::vector<model::StepShare> own_shares(const Attempt& attempt);

}  // namespace scheduler
