#pragma once
// Refuses at submission what quotas can never let start, and says what they could.

#include "scheduler/core/view.h"

namespace policy {

/// errors: exhausted when too many jobs wait already; invalid for a request that is more than a
/// limit, with the nearest that is not.
base::Result<void> allow(const scheduler::View& view, const model::User& user,
                         const model::JobSpec& spec, bool is_new);

}  // namespace policy
