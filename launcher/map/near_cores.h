#pragma once
// Cores for ranks: as many as each claims, as near as can be to where it wants them.

#include <optional>
#include <vector>

#include "lib/model/topology.h"

namespace mapping {

/// Cores that somebody wants near a memory domain.
struct Claim {
  int home = 0;  // place in Topology::numa
  int cores = 0;

  bool operator==(const Claim&) const = default;
};

/// The package of each memory domain; none where the domain has no cores, as the memory of a GPU.
std::vector<std::optional<int>> packages(const model::Topology& topology);

/// Cores of `share` for each claim, disjoint, and no more than claimed: first all those of the
/// claim's own domain, then of its package, then of the node. Claims that compete get equal numbers
/// and keep their order. Where there are more cores than claimed, each claim begins an equal part
/// of them, so that they keep apart; but cores with fewer hardware threads than others (the slow
/// ones of a hybrid processor) are used only for what the others cannot give.
///
/// returns   less than claimed only where the share has less than all claim
/// cost      O((claims + cores) * domains)
std::vector<model::CoreSet> hand_out(const model::Topology& topology, const model::CoreSet& share,
                                     const std::vector<Claim>& claims);

/// Homes for `n` equal claims of `cores` each that want nothing but room: numbers as even as can be
/// over the domains of the share that can hold one whole, then over packages; in order. Less than
/// `n` homes when no further one fits into a single domain.
std::vector<int> even_homes(const model::Topology& topology, const model::CoreSet& share, int n,
                            int cores);

}  // namespace mapping
