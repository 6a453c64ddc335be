#pragma once
// Whether a step is to have a server of PMIx.

#include "launcher/exec/launch.h"

namespace exec {

/// False where the step does not offer PMIx, and where its program on this node cannot be one of
/// MPI, which is not to wait for a server that it does not use.
bool needs_pmix(const Launch& launch);

}  // namespace exec
