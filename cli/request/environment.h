#pragma once
// Which variables of the present environment a job gets.

#include <string_view>

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace request {

/// The environment that `--export=WHAT` gives from the present one. Variables that muster set for
/// the job or rank that submits are left out.
/// errors: invalid for a list with an empty or impossible name
base::Result<model::Environment> exported(std::string_view what, const model::Environment& present);

/// The environment that srun's `--export=WHAT` gives to the tasks of a step: all of the present
/// one, or what WHAT lists and besides it only what tells of the job and the programs' folders.
/// errors: invalid for a list with an empty name
base::Result<model::Environment> exported_to_step(std::string_view what,
                                                  const model::Environment& present);

}  // namespace request
