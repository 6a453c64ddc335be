#pragma once
// Pools whose nodes a provider makes and ends, as facts and people know them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/tier.h"

namespace model {

/// Where a node stands that its pool's provider makes and ends.
enum class NodeLife {
  absent,     // not there, and nobody waits for it
  wanted,     // to be made as soon as its pool may
  starting,   // the provider was asked to make it
  preparing,  // it was made, and its agent is not here yet
  up,         // it takes work
  draining,   // takes no more; goes when its jobs have ended
  leaving,    // the provider was asked to end it
  unusable,   // it could not be made, or did not come up; tried again later
  retired     // the configuration has no such node any more
};

std::string_view to_text(NodeLife life);
std::optional<NodeLife> node_life_from_text(std::string_view text);

/// What becomes of the jobs of nodes that go by command.
enum class WhenBusy {
  wait,      // the nodes go when these have ended
  requeue,   // they are ended and wait again
  terminate  // they are ended for good
};

std::string_view to_text(WhenBusy when);
std::optional<WhenBusy> when_busy_from_text(std::string_view text);

/// Sizes of a pool by command; what is absent is as the configuration says.
struct PoolOrder {
  std::optional<int> least;  // nodes
  std::optional<int> most;
  std::optional<base::Duration> idle_timeout;
  WhenBusy when_busy = WhenBusy::wait;

  bool operator==(const PoolOrder&) const = default;
};

/// What `muster pool` asks for.
struct PoolChange {
  std::string pool;
  std::optional<int> nodes;  // fewest and most
  std::optional<int> least;
  std::optional<int> most;
  std::optional<base::Duration> idle_timeout;
  std::optional<WhenBusy> when_busy;
  bool is_auto = false;  // forget what was ordered before
  bool resume = false;   // try again to make nodes

  bool operator==(const PoolChange&) const = default;
};

/// A step of a node's life, or a change of its pool, and why.
struct PoolDecision {
  base::Time at;
  std::string node;  // empty: of the whole pool
  std::string what;  // "starting", "leaving", "stopped", "changed"
  std::string cause;

  bool operator==(const PoolDecision&) const = default;
};

/// A pool as people see it.
struct PoolRecord {
  std::string pool;
  int least = 0;  // nodes, as ordered or configured
  int most = 0;
  base::Duration idle_timeout{};
  bool is_ordered = false;  // by command
  Tier tier = Tier::dedicated;
  int wanted = 0;  // that are to be there
  int idle = 0;
  int busy = 0;
  int starting = 0;                     // not there yet
  int leaving = 0;                      // draining ones, too
  int unusable = 0;                     // away and lost ones, too
  std::string trouble;                  // the last words of the provider; empty: none
  std::optional<base::Time> retry_at;   // of a pool with trouble
  bool is_stopped = false;              // it makes no nodes until then, or until it is resumed
  std::vector<PoolDecision> decisions;  // the last ones, oldest first

  bool operator==(const PoolRecord&) const = default;
};

}  // namespace model
