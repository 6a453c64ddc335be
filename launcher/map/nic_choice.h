#pragma once
// Network cards for the ranks of one node: the nearest for each.

#include <optional>
#include <vector>

#include "lib/model/topology.h"

namespace mapping {

/// What the card of a rank is to be near to.
struct NicWish {
  model::GpuSet gpus;  // that it uses; the first counts
  model::CpuSet cpus;  // that it is bound to
};

/// For each rank a place in Topology::nics: the card with which its GPU shares the most PCI
/// bridges, then one in the memory domain, then in the package of its GPU, or of its cores where it
/// has no GPU. Among equals the one that fewer ranks have, then in PCI order. Without cards all are
/// nullopt.
///
/// cost      O(ranks * cards * (bridges + domains))
/// source    NCCL's classes of distance, PIX, PXB, PHB, NODE, SYS (nvidia-smi topo -m), which are
///           bridges in common, the same domain, and others
std::vector<std::optional<int>> choose_nics(const model::Topology& topology,
                                            const std::vector<NicWish>& wishes);

}  // namespace mapping
