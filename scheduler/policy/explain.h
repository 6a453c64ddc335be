#pragma once
// Why a job that is in the queue did not start.

#include "scheduler/core/view.h"

namespace policy {

/// The job that stands before it, or the resources that are missing, or the reservation that it
/// would delay. cost: O(nodes + running jobs)
model::Reason explain(const scheduler::View& view, const scheduler::Plan& plan,
                      const scheduler::Job& job, base::Time now);

}  // namespace policy
