#pragma once
// Who holds what a limit allows, and when enough of it is free.

#include "scheduler/core/view.h"

namespace policy {

/// cost: O(active jobs)
model::Quota quota_reason(const scheduler::View& view, const scheduler::OverLimit& over,
                          base::Time now);

}  // namespace policy
