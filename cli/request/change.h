#pragma once
// Making a change of a job's request from the options of muster update. Pure.

#include <span>

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "lib/model/change.h"

namespace request {

/// Only what is given changes; an empty value takes an option back. Paths are as they were written.
/// errors: invalid: the option, what it expects and what was found
base::Result<model::JobChange> make_change(std::span<const options::Given> given, base::Time now);

}  // namespace request
