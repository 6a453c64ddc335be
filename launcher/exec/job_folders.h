#pragma once
// The directories that a job has on a node while its attempt lives: made by its preparation, and
// removed by it or, where that was killed, by the agent, which finds their names in `folders`.

#include "launcher/exec/launch_dir.h"
#include "launcher/map/environment.h"
#include "lib/base/result.h"
#include "lib/model/launch.h"

namespace exec {

/// Where they are, of a job that has a preparation.
void name_job_folders(const LaunchDir& dir, const model::LaunchOrder& order,
                      mapping::LaunchPlace& place);

/// Makes them, after their names are on disk.
base::Result<void> make_job_folders(const LaunchDir& dir, const mapping::LaunchPlace& place);

/// Removes them with all that is in them, and then the file with their names: one that stays is for
/// the agent. Nothing may be mounted in them where this is called.
void remove_job_folders(const LaunchDir& dir, const mapping::LaunchPlace& place);

}  // namespace exec
