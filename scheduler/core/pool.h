#pragma once
// Pools whose nodes a provider makes and ends: as configured, and as they stand.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/node.h"
#include "lib/model/pool.h"
#include "scheduler/core/node_kind.h"

namespace scheduler {

/// A pool as configured.
struct ProvidedPool {
  std::string name;
  int least = 1;  // nodes
  int most = 1;
  base::Duration idle_timeout = std::chrono::minutes(5);    // after which a node goes
  base::Duration start_timeout = std::chrono::minutes(10);  // from asked for to here
  bool has_program = false;                 // of the site, whose machines can be lost and made anew
  base::Duration life{};                    // of a node, from when it is there; 0: without end
  std::vector<model::NodeInfo> nodes = {};  // those it can have, as they will be; `most` or more
};

/// The longest time limit of a job on a new node of the pool; absent: any, or none.
std::optional<base::Duration> longest_stay(std::span<const ProvidedPool> pools,
                                           const std::string& pool);

/// Of a node that a provider makes and ends.
struct Provided {
  std::string pool;
  NodeKind planned;  // as it was planned last
  model::NodeLife life = model::NodeLife::absent;
  base::Time since;  // of its life
  std::string cause;
  std::optional<base::Time> idle_since;  // of one that is there and has no job
  std::optional<base::Time> begun;       // when it was asked for last

  bool operator==(const Provided&) const = default;
};

/// How a pool stands.
struct Pool {
  model::PoolOrder order;
  bool is_ordered = false;
  std::uint32_t n_failures = 0;  // in a row, those at one time counted once
  std::optional<base::Time> retry_at;
  bool is_stopped = false;
  std::string trouble;                        // the last words of the provider
  std::deque<model::PoolDecision> decisions;  // the last ones, oldest first

  // Indexes over its nodes.
  std::map<model::NodeLife, std::set<model::NodeId>> by_life;  // none is empty
  std::set<std::pair<base::Time, model::NodeId>> idle;         // up, by since when

  bool operator==(const Pool&) const = default;

  int n_in(model::NodeLife life) const {
    const auto found = by_life.find(life);
    return found == by_life.end() ? 0 : static_cast<int>(found->second.size());
  }
  /// That take work, or will when they are there.
  int n_there() const {
    using enum model::NodeLife;
    return n_in(wanted) + n_in(starting) + n_in(preparing) + n_in(up);
  }
  bool is_blocked(base::Time now) const { return retry_at && now < *retry_at; }
};

using Pools = std::map<std::string, Pool>;

/// The bounds that count, by command or configuration.
struct PoolSize {
  int least = 0;
  int most = 0;
  base::Duration idle_timeout{};

  bool is_elastic() const { return least < most; }
};

PoolSize size_of(const ProvidedPool& configured, const Pools& pools);

}  // namespace scheduler
