#pragma once
// Concrete cores and GPUs of one node.

#include <vector>

#include "lib/model/layout.h"
#include "lib/model/topology.h"
#include "scheduler/core/view.h"

namespace policy {

/// `n` of the free cores, inside one NUMA domain where one has enough: the domain that they fill
/// best.
model::CoreSet pick_cores(const std::vector<model::CoreSet>& domains, const model::CoreSet& free,
                          int n);

/// `n` of the free GPUs, those near the cores first, in PCI order.
model::GpuSet pick_gpus(const model::Topology& topology, const model::GpuSet& free, int n,
                        const model::CoreSet& cores);

/// The most tasks of the request that fit into what is free on a node that has `whole`; its own
/// limit per node included.
int room_in(const model::Layout& layout, const scheduler::Amounts& free,
            const scheduler::Amounts& whole);

/// What so many tasks of the request hold on a node that has `whole`.
model::Demand demand_on(const model::Layout& layout, int tasks, const scheduler::Amounts& whole);

}  // namespace policy
