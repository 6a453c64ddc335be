#pragma once
// The fields that sinfo can show of nodes, alike ones on one line. Pure.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/compat/slurm_format.h"
#include "lib/model/record.h"

namespace compat {

/// Nodes of one pool that a line is about.
struct NodeGroup {
  std::string partition;
  bool is_default = false;  // jobs that name no pool may go there
  std::vector<const model::NodeRecord*> nodes;
};

std::span<const Field<NodeGroup>> node_fields();

/// Nodes that `format` shows alike stand in one group, but for what it counts or lists of them.
std::vector<NodeGroup> groups_of(std::span<const model::NodeRecord> nodes,
                                 const Format<NodeGroup>& format, bool each_alone,
                                 const Surroundings& with);

/// "idle,drain" of -t: is the node in one of these? "all" is.
/// errors: invalid: the state that is unknown
base::Result<std::vector<std::string>> node_states_from_text(std::string_view text);
bool is_in_state(const model::NodeRecord& node, const std::vector<std::string>& states);

/// CPUs, "allocated/idle/other/total".
struct Counts {
  int allocated = 0;
  int idle = 0;
  int other = 0;

  int total() const { return allocated + idle + other; }
};
Counts cpu_counts(const NodeGroup& group);
Counts node_counts(const NodeGroup& group);
std::string to_text(const Counts& counts);

/// Why nobody gets the node: "none" where there is no such thing.
std::string node_reason(const model::NodeRecord& node);
/// "gpu:h200:8"; empty: it has none.
std::string gres_text(const model::NodeRecord& node);
int socket_count(const model::NodeRecord& node);
int threads_per_core(const model::NodeRecord& node);

}  // namespace compat
