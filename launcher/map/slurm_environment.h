#pragma once
// The variables that scripts written for Slurm, and the libraries and frameworks that such scripts
// start, find in their job.

#include <cstdint>

#include "launcher/map/placement.h"
#include "lib/model/job.h"
#include "lib/model/launch.h"

namespace mapping {

/// Its value is the number of the process that has it, which its launcher writes there.
constexpr const char* slurm_pid_variable = "SLURM_TASK_PID";

/// Of the script, beside what its environment says of the job as MUSTER_ variables, which is where
/// most of it comes from. What the submission put there of the request is set to what it is now.
///
/// started_at   of the script, in seconds since 1970; 0: not known
/// source       man 1 sbatch, OUTPUT ENVIRONMENT VARIABLES
void describe_for_slurm(model::Environment& environment, const model::LaunchOrder& order,
                        std::int64_t started_at);

/// Of a rank, whose environment has that of the script and the MUSTER_ variables of the rank.
///
/// source   man 1 srun, OUTPUT ENVIRONMENT VARIABLES
void describe_rank_for_slurm(model::Environment& environment, const model::LaunchOrder& order,
                             const Placement& placement);

}  // namespace mapping
