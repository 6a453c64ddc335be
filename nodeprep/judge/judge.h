#pragma once
// Whether a node as it was found may take work, and the line that tells a person.

#include <string>

#include "lib/model/node.h"

namespace judge {

struct Verdict {
  bool ready = false;
  std::string text;  // "ready: 2 cores, 1 NUMA domain, 23.4G, 0 GPUs" or "unusable: ..."
};

Verdict judge(const model::NodeInfo& node);

/// For a node that could not be examined at all.
Verdict unusable(std::string why);

}  // namespace judge
