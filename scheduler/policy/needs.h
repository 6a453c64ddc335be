#pragma once
// Which nodes the waiting jobs would use if all of them could start now: those that are there, and
// those that a provider could make.

#include "scheduler/core/view.h"

namespace policy {

/// Jobs are packed in the order of their classes and priorities on what is free, then on nodes that
/// come, then on nodes that could come as far as their pool may grow; jobs of several nodes on all
/// of these or none. A job that fits so nowhere, though it would if nothing ran, needs the nodes
/// that are missing for that, and keeps those that are idle. Quotas and licenses bound what counts.
/// cost: O(nodes + kinds of waiting jobs x different amounts that are free), and O(nodes) for
/// kinds that name nodes
scheduler::Needs needs(const scheduler::View& view, base::Time now);

}  // namespace policy
