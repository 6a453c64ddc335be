#pragma once
// Concrete cores and GPUs of one node.

#include "lib/base/bytes.h"
#include "lib/model/layout.h"
#include "lib/model/topology.h"

namespace policy {

/// `n` of the free cores, inside one NUMA domain where one has enough: the domain that they fill
/// best.
model::CoreSet pick_cores(const model::Topology& topology, const model::CoreSet& free, int n);

/// `n` of the free GPUs, those near the cores first, in PCI order.
model::GpuSet pick_gpus(const model::Topology& topology, const model::GpuSet& free, int n,
                        const model::CoreSet& cores);

/// The most tasks of the request that fit into these amounts on one node; its own limit per node
/// included.
int tasks_that_fit(const model::Layout& layout, int cores, int gpus, base::Bytes memory);

}  // namespace policy
