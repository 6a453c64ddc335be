#pragma once
// How a job ranks under each order.

#include <chrono>

#include "lib/base/time.h"
#include "scheduler/policy/policy.h"

namespace policy {

/// The larger comes first. `predicted`: how long the job is expected to run.
double rank_of(Order order, const scheduler::JobKind& kind, base::Duration predicted,
               base::Duration waited);

/// How long the job will hold what it gets, at most; Duration::max() when nobody knows.
base::Duration duration_of(const scheduler::JobKind& kind);

/// Has a job waited longer than all the work that is there would take, and a day on top?
bool is_overdue(base::Duration wait, base::Duration drain_time);

/// No job is overdue before.
constexpr base::Duration patience = std::chrono::hours(24);

}  // namespace policy
