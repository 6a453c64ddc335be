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

}  // namespace request
