#pragma once
// A node of this machine, put together from all that the probe knows.

#include <string>

#include "lib/base/result.h"
#include "lib/model/node.h"
#include "nodeprep/probe/slice.h"

namespace probe {

struct Request {
  std::string name;
  std::string pool;
  std::string address;
  std::string version;  // of muster
  Slice slice;
};

struct Found {
  model::NodeInfo node;
  std::string topology_xml;  // of the whole machine
};

/// errors: those of cut(), and io where the machine does not answer
base::Result<Found> probe_node(const Request& request);

}  // namespace probe
