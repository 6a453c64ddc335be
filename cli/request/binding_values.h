#pragma once
// The options of muster run that say how ranks are bound: the words of Open MPI and of Slurm.

#include <span>

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "lib/model/job.h"

namespace request {

/// Puts the options that bind ranks into `step`, whose other options it has already.
/// errors: invalid: an unknown word, or options that contradict each other
base::Result<void> apply_binding(std::span<const options::Given> given, model::StepSpec& step);

}  // namespace request
