#pragma once
// Finds concrete cores, GPUs and memory for a request: first fit over the nodes in order of their
// ids.

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/reason.h"
#include "scheduler/core/view.h"

namespace policy {

/// Where the request would go now on ready nodes of `pools`; otherwise what is missing.
/// cost: O(nodes + tasks)
std::expected<model::Allocation, model::Reason> place(const scheduler::State& state,
                                                      const model::Layout& layout,
                                                      const std::vector<std::string>& pools);

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
