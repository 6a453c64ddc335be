#pragma once
// A batch launch: the job's script (or command) on the first node of its allocation.

#include "lib/model/outcome.h"

namespace exec {

struct Launch;

/// Runs it to its end. The times of the report are the caller's.
model::LaunchReport run_batch(Launch& launch);

}  // namespace exec
