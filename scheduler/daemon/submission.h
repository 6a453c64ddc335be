#pragma once
// What of a request is refused before the core sees it: what could never be carried out on a node.
// Pure.

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/model/change.h"
#include "lib/model/job.h"

namespace musterd {

/// Errors: invalid, exhausted for a script above `script_limit`.
base::Result<void> check_submission(const model::JobSpec& spec, base::Bytes script_limit);
base::Result<void> check_change(const model::JobChange& change);
base::Result<void> check_step(const model::StepSpec& spec);

}  // namespace musterd
