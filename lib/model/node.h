#pragma once
// A node as its agent announces it.

#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/tier.h"
#include "lib/model/topology.h"

namespace model {

struct NodeInfo {
  std::string name;  // unique in the cluster: "n1"
  std::string pool;
  std::string hostname;  // of the machine; several nodes of an embedded cluster share it
  std::string address;   // where other nodes reach it, "127.0.0.1" when all is on one machine
  std::string boot_id;   // of the machine; a change means that nothing runs on any more
  std::string kernel;
  std::string version;  // of muster on the node
  Topology topology;
  std::vector<std::string> features;  // in order; of the machine, and by the configuration
  std::vector<std::string> switches;  // above the node, the topmost first; by the configuration
  std::string containment;            // what its control groups do, for people
  Tier tier = Tier::dedicated;        // by the configuration of its pool
  std::optional<base::Time> ends_at;  // when it will be taken, if that is known

  bool operator==(const NodeInfo&) const = default;
};

/// What muster drain, muster resume, muster node evict and muster node check ask for.
struct NodeOrder {
  std::vector<std::string> names;
  base::Duration notice{};                 // of an eviction
  std::string reason;                      // of a drain
  std::optional<base::Duration> duration;  // likewise
  bool setup = false;                      // of a check: run the setup script, too

  bool operator==(const NodeOrder&) const = default;
};

}  // namespace model
