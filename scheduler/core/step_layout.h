#pragma once
// Where a step's ranks go inside its attempt's allocation.

#include <vector>

#include "lib/base/result.h"
#include "scheduler/core/job.h"

namespace scheduler {

/// Tasks for each node of the allocation, 0 where the step has no part. Defaults are the job's own;
/// a request that fits is spread evenly, and where nodes differ as they have room. errors: invalid,
/// with the most that fits, when the allocation has too few cores, GPUs or nodes
base::Result<std::vector<int>> step_tasks(const Job& job, const model::Allocation& allocation,
                                          const model::StepSpec& spec);

}  // namespace scheduler
