#pragma once
// --prepare, --mount and their like: what is done on a job's nodes before its script.

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "lib/model/preparation.h"

namespace request {

/// Is it an option of these?
bool is_of_preparation(const options::Given& given);

/// The last word counts, but every --mount adds one. errors: invalid
base::Result<void> apply(const options::Given& given, model::Preparation& preparation);

}  // namespace request
