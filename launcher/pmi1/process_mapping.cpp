#include "launcher/pmi1/process_mapping.h"

#include <cstddef>
#include <map>

namespace pmi1 {

namespace {

/// Where the next ranks are: `n` on `node`.
struct Run {
  std::size_t node;
  int n;
};

std::vector<Run> runs_of(const std::vector<std::vector<int>>& ranks_of_nodes) {
  std::map<int, std::size_t> node_of_rank;
  for (std::size_t node = 0; node < ranks_of_nodes.size(); ++node) {
    for (const int rank : ranks_of_nodes[node]) node_of_rank[rank] = node;
  }
  std::vector<Run> runs;
  for (const auto& [rank, node] : node_of_rank) {
    if (runs.empty() || runs.back().node != node) runs.push_back({node, 0});
    ++runs.back().n;
  }
  return runs;
}

}  // namespace

std::string process_mapping(const std::vector<std::vector<int>>& ranks_of_nodes) {
  const auto runs = runs_of(ranks_of_nodes);
  std::string text = "(vector";
  for (std::size_t first = 0; first < runs.size();) {
    std::size_t end = first + 1;
    while (end < runs.size() && runs[end].n == runs[first].n &&
           runs[end].node == runs[end - 1].node + 1)
      ++end;
    text += ",(" + std::to_string(runs[first].node) + "," + std::to_string(end - first) + "," +
            std::to_string(runs[first].n) + ")";
    first = end;
  }
  return text + ")";
}

}  // namespace pmi1
