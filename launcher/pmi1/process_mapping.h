#pragma once
// Which ranks share a node, as MPICH reads it: "(vector,(0,2,4))" is from node 0 on two nodes with
// four ranks each. Without it MPICH would compare host names, which nodes that share a machine have
// in common.

#include <string>
#include <vector>

namespace pmi1 {

/// `ranks_of_nodes` is which ranks each node has, in order.
std::string process_mapping(const std::vector<std::vector<int>>& ranks_of_nodes);

}  // namespace pmi1
