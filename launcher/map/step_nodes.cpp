#include "launcher/map/step_nodes.h"

#include <algorithm>
#include <numeric>

#include "lib/base/check.h"

namespace mapping {

std::vector<StepNode> step_nodes(const model::LaunchOrder& order) {
  base::check(order.tasks.size() == order.allocation.nodes.size(),
              "a step's order has a number of tasks for each node of the allocation");
  const auto ranks = model::deal_ranks(order.tasks, order.step->binding.by_node);
  std::vector<StepNode> nodes;
  for (std::size_t i = 0; i < order.tasks.size(); ++i) {
    if (order.tasks[i] > 0) {
      nodes.push_back({.index = static_cast<int>(i),
                       .name = order.allocation.nodes[i].name,
                       .ranks = ranks[i]});
    }
  }
  return nodes;
}

int n_ranks(const model::LaunchOrder& order) {
  return std::accumulate(order.tasks.begin(), order.tasks.end(), 0);
}

std::size_t node_of_rank(const std::vector<StepNode>& nodes, int rank) {
  const auto at = std::ranges::find_if(nodes, [rank](const auto& node) { return node.has(rank); });
  base::check(at != nodes.end(), "the rank is one of the step");
  return static_cast<std::size_t>(at - nodes.begin());
}

std::string compress_counts(const std::vector<int>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size();) {
    std::size_t end = i + 1;
    while (end < counts.size() && counts[end] == counts[i]) ++end;
    if (!text.empty()) text += ',';
    text += std::to_string(counts[i]);
    if (end - i > 1) text += "(x" + std::to_string(end - i) + ")";
    i = end;
  }
  return text;
}

}  // namespace mapping
