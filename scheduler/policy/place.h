#pragma once
// What fits on one node.

#include <vector>

#include "lib/model/layout.h"
#include "lib/model/topology.h"
#include "scheduler/core/view.h"

namespace policy {

/// The most tasks of the request that fit into what is free on a node that has `whole`; its own
/// limit per node included.
int room_in(const model::Layout& layout, const scheduler::Amounts& free,
            const scheduler::Amounts& whole);

/// What so many tasks of the request hold on a node that has `whole`.
model::Demand demand_on(const model::Layout& layout, int tasks, const scheduler::Amounts& whole);

}  // namespace policy
