#pragma once
// What a request means in tasks per node, and where it is placed: concrete cores, GPUs and memory.

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/topology.h"

namespace model {

/// What one node has to give for `tasks` tasks of a request.
struct Demand {
  int tasks = 0;
  int cores = 0;
  int gpus = 0;
  base::Bytes memory;

  bool operator==(const Demand&) const = default;
};

/// A request with every default filled in. With `nodes` given, tasks are spread evenly in blocks,
/// the first nodes taking one more; without, as few nodes are used as the cluster allows.
struct Layout {
  std::optional<int> nodes;
  int tasks = 1;
  std::optional<int> most_tasks_per_node;
  int cpus_per_task = 1;
  int gpus_per_task = 0;
  int gpus_per_node = 0;
  base::Bytes memory_per_node;  // 0: none asked
  base::Bytes memory_per_cpu;   // 0: none asked
  int most_nodes = 0;           // above `nodes`: the job may start on up to so many
  int tasks_per_further = 0;    // tasks that each node beyond `nodes` adds; 0: they share the same
  bool whole_nodes = false;     // with all that they have

  auto operator<=>(const Layout&) const = default;  // any order, for use as a key
};

/// Refuses a count below `least` or beyond what any request may hold, naming the option; an absent
/// one is in range.
base::Result<void> in_range(std::string_view option, std::optional<int> value, int least);

/// errors: invalid for numbers below 1, more nodes than tasks, contradictions, absurd sizes
base::Result<Layout> resolve(const Shape& shape);

/// The same request for `nodes` nodes, from layout.nodes to layout.most_nodes.
Layout with_nodes(const Layout& layout, int nodes);

/// What a node needs for `tasks` tasks (0 tasks on a node do not occur).
Demand demand_of(const Layout& layout, int tasks);

/// Tasks for each node, the first ones taking one more.
std::vector<int> even_blocks(int tasks, int nodes);

/// Tasks for each of layout.nodes nodes; layout.nodes must be set.
std::vector<int> tasks_by_node(const Layout& layout);

/// What one node gives to an attempt.
struct NodeShare {
  NodeId node;
  std::string name;
  int tasks = 0;
  CoreSet cores;
  GpuSet gpus;
  base::Bytes memory;

  bool operator==(const NodeShare&) const = default;
};

/// What a step with cores of its own has of a node; nothing where it has no part.
struct StepShare {
  CoreSet cores;
  GpuSet gpus;

  bool operator==(const StepShare&) const = default;
};

/// In order: rank blocks follow it, the batch script runs on the first.
struct Allocation {
  std::vector<NodeShare> nodes;

  bool operator==(const Allocation&) const = default;
};

/// Of all nodes together.
int n_cores(const Allocation& allocation);
int n_gpus(const Allocation& allocation);
int n_tasks(const Allocation& allocation);

/// Node names in order, for host lists.
std::vector<std::string> node_names(const Allocation& allocation);

}  // namespace model
