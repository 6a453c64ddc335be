#pragma once
// The lives of the nodes that providers make and end, and the sizes of their pools.

#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "lib/model/node.h"
#include "lib/model/pool.h"
#include "scheduler/core/action.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"
#include "scheduler/core/view.h"

namespace scheduler {

/// With the features and switches that the configuration gives it.
model::NodeInfo marked(model::NodeInfo info, const std::vector<NodeMark>& marks);

/// After a start: the places that pools have for nodes, as far as they are new or changed, and the
/// nodes that have none any more. Pools that could not get nodes try again: the cause may be gone.
std::vector<model::FactBody> plan_nodes(const State& state, const Settings& settings);

/// What follows when the node could not be made: it is unusable, and its pool pauses; after too
/// many in a row it stops.
std::vector<model::FactBody> fail_node(const State& state, const Node& node, std::string why,
                                       base::Time now);

/// What is to be done about the pools now.
struct Steering {
  std::vector<model::FactBody> facts;
  bool changes_work = false;        // a node takes work that did not, or no longer
  std::optional<base::Time> again;  // when there is more to do, whatever happens
};

/// Makes nodes that are needed, and lets those go that are not, between the bounds of each pool. At
/// one time it finds nothing to do a second time.
/// cost: O(pools) where nothing changes, and O(idle nodes + needed nodes) for elastic ones
Steering steer(const View& view, const Needs& needs, base::Time now);

/// Is any pool to grow and shrink by itself?
bool has_elastic_pools(const View& view);

/// How the pools stand, for people.
std::vector<model::PoolRecord> pool_records(const State& state, const Settings& settings);

/// The order to its provider, with the birth by the fact that began it: the same after a restart.
CreateNode create_of(const Node& node);

/// Has what became of its node, while the order waited for the disk, made it wrong? Nobody wants
/// the machine any more that is to be made; or the agent of another life of the node is here, and
/// what was to be ended is gone.
bool is_overtaken(const State& state, const Action& action);

/// The facts that restore all of it, with evictions and drains, at the end of a snapshot.
std::vector<model::Fact> nodes_stand(const State& state, base::Time now);

}  // namespace scheduler
