#pragma once
// Runs muster-nodeprep, which says whether this machine may be a node and what it has.

#include <chrono>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/node.h"

namespace loop {
class Loop;
}  // namespace loop

namespace agentd {

struct Preparation {
  std::string program;
  std::vector<std::string> arguments;  // without --out
  std::string node_dir;                // gets the files node and topology.xml
  base::Duration time_limit = std::chrono::seconds(30);
};

/// Runs the loop until the program has ended. Errors: unavailable with its verdict when the node is
/// unusable or the time is over; those of starting it.
base::Result<model::NodeInfo> prepare_node(loop::Loop& loop, const Preparation& preparation);

}  // namespace agentd
