#pragma once
// What happened to pools and to the nodes that providers make and end: part of fact.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/node.h"
#include "lib/model/pool.h"

namespace model {

/// The pool of this node has a place for it, and what it will be when it is there.
struct NodePlanned {
  NodeId node;
  NodeInfo info;
  bool operator==(const NodePlanned&) const = default;
};

/// A step in the life of a planned node. `retry_at` and `n_failures` go with unusable: those in a
/// row of its pool, and when that tries again. In a snapshot, how the node stands.
struct NodeTurned {
  NodeId node;
  NodeLife life = NodeLife::absent;
  std::string cause;
  std::optional<base::Time> retry_at;
  std::uint32_t n_failures = 0;
  bool is_there = false;                 // its agent came, and may still be there
  bool stands = false;                   // in a snapshot
  std::optional<base::Time> idle_since;  // likewise
  std::optional<base::Time> begun;       // likewise: when it was asked for last
  bool operator==(const NodeTurned&) const = default;
};

/// Its provider has another machine of its name, which is ended.
struct NodeTwin {
  NodeId node;
  std::string machine;  // as the provider calls that one
  bool operator==(const NodeTwin&) const = default;
};

/// The sizes of a pool are these from now on, by command.
struct PoolChanged {
  std::string pool;
  std::string by;
  PoolOrder order;
  bool operator==(const PoolChanged&) const = default;
};

/// Too many of its nodes could not be made: it makes none until then.
struct PoolStopped {
  std::string pool;
  std::string why;
  base::Time until;
  bool operator==(const PoolStopped&) const = default;
};

struct PoolResumed {
  std::string pool;
  std::string by;
  bool operator==(const PoolResumed&) const = default;
};

/// Ends a snapshot: what is known of a pool.
struct PoolStands {
  std::string pool;
  PoolOrder order;
  bool is_ordered = false;
  std::uint32_t n_failures = 0;
  std::optional<base::Time> retry_at;
  bool is_stopped = false;
  std::string trouble;
  std::vector<PoolDecision> decisions;
  bool operator==(const PoolStands&) const = default;
};

}  // namespace model
