#pragma once
// How a job ranks under each order.

#include "lib/base/time.h"
#include "scheduler/policy/policy.h"

namespace policy {

/// The larger comes first.
double rank_of(Order order, const scheduler::Job& job, base::Time now);

/// How long the job will hold what it gets, at most; Duration::max() when nobody knows.
base::Duration duration_of(const scheduler::JobKind& kind);

}  // namespace policy
