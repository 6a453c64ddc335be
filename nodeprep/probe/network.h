#pragma once
// What networks a node has cards for.

#include <string>
#include <vector>

namespace probe {

/// "ethernet", "infiniband", "roce": by the cards that the kernel shows below `root`. Interfaces
/// that are not of a device (loopback, bridges, tunnels) say nothing.
std::vector<std::string> network_features(const std::string& root);

}  // namespace probe
