#include "launcher/pmi1/process_mapping.h"

#include <cstddef>

namespace pmi1 {

std::string process_mapping(const std::vector<int>& ranks_of_nodes) {
  std::string text = "(vector";
  for (std::size_t first = 0; first < ranks_of_nodes.size();) {
    std::size_t end = first + 1;
    while (end < ranks_of_nodes.size() && ranks_of_nodes[end] == ranks_of_nodes[first]) ++end;
    text += ",(" + std::to_string(first) + "," + std::to_string(end - first) + "," +
            std::to_string(ranks_of_nodes[first]) + ")";
    first = end;
  }
  return text + ")";
}

}  // namespace pmi1
