#pragma once
// Prepares a node for an attempt, and holds what it made until it is told to end.

#include "lib/model/outcome.h"

namespace exec {

struct Launch;

/// Makes the directories and the mounts, runs the command, says so by the file `prepared`, waits
/// for SIGTERM and undoes it. Fails with the first of these that did.
model::LaunchReport run_preparation(Launch& launch);

}  // namespace exec
