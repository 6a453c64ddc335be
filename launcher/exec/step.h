#pragma once
// A node's part of a step: its ranks, their PMIx server, and the way to the head.

#include "lib/model/outcome.h"

namespace exec {

struct Launch;

/// Runs it to its end, on the head's node to the end of the whole step. The times of the report are
/// the caller's.
model::LaunchReport run_step(Launch& launch);

}  // namespace exec
