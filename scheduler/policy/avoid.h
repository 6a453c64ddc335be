#pragma once
// Nodes that a job keeps away from because it failed there before, while others could take it.

#include "lib/model/node_choice.h"
#include "scheduler/core/view.h"
#include "scheduler/policy/timeline.h"

namespace policy {

/// The nodes that jobs of the kind may use now: without those that it avoids. As many of these as
/// it cannot do without are allowed again, first those where it failed longest ago, so that a job
/// is never kept waiting for nodes that are not there.
/// cost: O(1) for a job that avoids none
model::NodeChoice choice_now(const Timeline& timeline, const scheduler::JobKind& kind);

}  // namespace policy
