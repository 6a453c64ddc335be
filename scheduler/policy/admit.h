#pragma once
// Refuses at submission what no set of the known nodes can ever run, and says what could.

#include "lib/base/result.h"
#include "scheduler/core/view.h"

namespace policy {

/// errors: not_found for an unknown pool, feature, kind of GPU, node or license; invalid for a
/// request that never fits, with the nearest that does. A pool whose nodes have not joined yet
/// admits everything.
base::Result<void> admit(const scheduler::View& view, const model::Layout& layout,
                         const model::JobSpec& spec);

}  // namespace policy
