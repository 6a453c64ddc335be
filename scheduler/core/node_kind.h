#pragma once
// What nodes have in common for a request that any of them could serve.

#include <compare>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/node.h"
#include "lib/model/node_choice.h"

namespace scheduler {

struct NodeKind {
  int cores = 0;
  int gpus = 0;
  base::Bytes memory;
  std::string pool;
  model::Tier tier = model::Tier::dedicated;
  std::string gpu_kind;               // of all GPUs; empty where they differ
  std::vector<std::string> features;  // in order
  std::vector<std::string> switches;  // above the nodes, the topmost first
  std::vector<std::string> bookings;  // that they are part of, in order; not those of their ends
  std::optional<base::Time> stays_until;  // at least; coarse, so that few ends make few kinds

  auto operator<=>(const NodeKind&) const = default;  // any order, for use as a key
};

/// Of a node that is booked under these names.
NodeKind kind_of(const model::NodeInfo& info, const std::set<std::string>& bookings,
                 std::optional<base::Time> stays_until = {});

/// What is lost of a time until the end of a node by being coarse: 1/32 of it at most, or a second.
base::Duration end_grain(base::Duration life);
/// Until when the node is sure to stay, of one that joined then and takes no work from `until` on.
base::Time coarse_end(base::Time joined, base::Time until);

/// Have nodes of this kind what is asked for, apart from their names?
bool has_chosen(const NodeKind& kind, const model::NodeChoice& choice);

/// May the request use the node of this name, as far as names go?
bool is_chosen_name(const model::NodeChoice& choice, const std::string& name);

}  // namespace scheduler
