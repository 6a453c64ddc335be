#pragma once
// The nodes of the allocation on which a step runs, as PMIx and the ranks number them.

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "lib/model/launch.h"

namespace mapping {

/// A node with a part of the step.
struct StepNode {
  int index = 0;  // in the allocation
  std::string name;
  std::vector<int> ranks;  // in order

  int first_rank() const { return ranks.front(); }
  int n_ranks() const { return static_cast<int>(ranks.size()); }
  bool has(int rank) const { return std::ranges::binary_search(ranks, rank); }
  bool operator==(const StepNode&) const = default;
};

/// In the order of their first ranks; the first is the head.
std::vector<StepNode> step_nodes(const model::LaunchOrder& order);

/// Ranks of the whole step.
int n_ranks(const model::LaunchOrder& order);

/// Place in step_nodes(order) of the node with `rank`; the rank is one of the step.
std::size_t node_of_rank(const std::vector<StepNode>& nodes, int rank);

/// Counts as Slurm writes them: {2, 2, 1} is "2(x2),1".
std::string compress_counts(const std::vector<int>& counts);

}  // namespace mapping
