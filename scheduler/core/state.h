#pragma once
// Everything the controller knows, as a value. It changes only in apply().

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/node.h"
#include "scheduler/core/history.h"
#include "scheduler/core/job.h"
#include "scheduler/core/kind.h"

namespace scheduler {

enum class NodePhase { ready, away, lost };

struct Node {
  model::NodeId id;
  model::NodeInfo info;
  NodePhase phase = NodePhase::ready;
  base::Time since;           // of the phase
  model::CoreSet cores_used;  // by jobs
  model::GpuSet gpus_used;
  base::Bytes memory_used;
  std::set<model::JobId> jobs;        // with a share of it
  std::set<model::LaunchKey> strays;  // written off, but still running there

  bool operator==(const Node&) const = default;
};

/// Connected, and nothing runs there that the state does not know.
bool may_take_work(const Node& node);
model::CoreSet free_cores(const Node& node);
model::GpuSet free_gpus(const Node& node);
int n_free_cores(const Node& node);
int n_free_gpus(const Node& node);
base::Bytes free_memory(const Node& node);

/// What nodes have in common for a request that any of them could serve.
struct NodeKind {
  std::string pool;
  int cores = 0;
  int gpus = 0;
  base::Bytes memory;

  auto operator<=>(const NodeKind&) const = default;  // any order, for use as a key
};

NodeKind kind_of(const model::NodeInfo& info);

/// Eligible jobs; of a kind in order of submission. No kind is empty.
using Queue = std::map<JobKind, std::set<model::JobId>>;

/// Jobs that have not ended of one user and name, for singletons.
struct Namesakes {
  std::set<model::JobId> waiting;
  std::set<model::JobId> active;

  bool operator==(const Namesakes&) const = default;
};
using NamesakeKey = std::pair<std::uint32_t, std::string>;

NamesakeKey namesake_key(const Job& job);

/// Order of names that people expect: n2 before n10.
struct NameOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

struct State {
  std::map<model::JobId, Job> jobs;
  std::map<model::NodeId, Node> nodes;
  model::JobId next_job{1};
  model::NodeId next_node{1};

  // Indexes over the above, kept by apply().
  std::map<std::string, model::NodeId, NameOrder> node_by_name;
  std::map<NodeKind, int> node_kinds;  // how many there are of each
  std::map<std::pair<std::uint32_t, std::string>, model::JobId> job_by_token;  // by user and token
  Queue queue;
  std::set<std::pair<base::Time, model::JobId>> time_limits;    // running jobs: last_end()
  std::set<std::pair<base::Time, model::JobId>> expected_ends;  // active jobs that have one
  std::set<std::pair<base::Time, model::JobId>> due;            // waiting jobs that may start then
  std::set<std::pair<base::Time, model::JobId>> too_late;       // waiting jobs with a deadline
  std::map<model::JobId, std::set<model::JobId>> dependants;    // that wait, by what they depend on
  std::map<NamesakeKey, Namesakes> namesakes;                   // of jobs that have not ended
  std::set<std::pair<base::Time, model::NodeId>> away_since;
  std::deque<model::JobId> ended;  // oldest first
  History history;                 // of these
  std::size_t n_waiting = 0;       // held ones included
  std::size_t n_active = 0;

  std::size_t jobs_kept = 10'000;  // of those that have ended; constant

  bool operator==(const State&) const = default;
};

}  // namespace scheduler
