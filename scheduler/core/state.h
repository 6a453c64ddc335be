#pragma once
// Everything the controller knows, as a value. It changes only in apply().

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/box.h"
#include "lib/base/id_map.h"
#include "lib/base/id_set.h"
#include "lib/base/time.h"
#include "lib/model/booking.h"
#include "lib/model/condition.h"
#include "lib/model/ids.h"
#include "lib/model/node.h"
#include "lib/model/record.h"
#include "lib/model/undying.h"
#include "scheduler/core/ends.h"
#include "scheduler/core/history.h"
#include "scheduler/core/job.h"
#include "scheduler/core/kind.h"
#include "scheduler/core/lifetimes.h"
#include "scheduler/core/pool.h"
#include "scheduler/core/quota.h"
#include "scheduler/core/ready_nodes.h"
#include "scheduler/core/usage.h"

namespace scheduler {

/// `absent`: a provider has not made it, or has ended it.
enum class NodePhase { ready, away, lost, absent };

/// It is going to be taken.
struct Eviction {
  base::Time since;
  base::Time until;
  base::Time over_at;
  std::string cause;
  std::string by;

  bool operator==(const Eviction&) const = default;
};

/// It takes no new work by command.
struct Drain {
  base::Time since;
  std::string by;
  std::string reason;
  std::optional<base::Time> until;

  bool operator==(const Drain&) const = default;
};

struct Node {
  model::NodeId id;
  model::NodeInfo info;
  NodeKind kind;                           // by its info and bookings
  std::vector<model::CoreSet> numa_cores;  // by its info: those of each NUMA domain
  NodePhase phase = NodePhase::ready;
  base::Time since;           // of the phase
  model::CoreSet cores_used;  // by jobs
  model::GpuSet gpus_used;
  base::Bytes memory_used;
  std::set<model::JobId> jobs;            // with a share of it
  std::set<model::LaunchKey> strays;      // written off, but still running there
  std::set<std::string> bookings;         // that it is part of
  std::optional<base::Time> stays_until;  // at least, of one whose end is known
  base::Box<Provided> provided;           // of one that a provider makes and ends
  base::Box<Eviction> eviction;
  base::Box<Drain> drain;
  base::Box<model::NodeCondition> condition;       // where its pool wants something of it
  std::vector<model::NodeSuspicion> suspicions;    // the last ones, oldest first
  base::Box<std::vector<model::Undying>> undying;  // processes there that outlived SIGKILL

  bool operator==(const Node&) const = default;
};

/// When its eviction is over: as announced, or when what runs there is gone.
base::Time eviction_end(const Node& node);

/// As its agent finds it, or as nobody has found it yet.
bool is_fit(const Node& node);

/// Connected, fit, to stay, open for work, and nothing runs there that the state does not know.
bool may_take_work(const Node& node);
/// What nobody gets though no job has it: processes that outlived their launch keep it, or it is a
/// GPU out of service.
model::CoreSet held_cores(const Node& node);
model::GpuSet held_gpus(const Node& node);
bool holds_back(const Node& node);

/// Nobody uses it, and it is not held back.
model::CoreSet free_cores(const Node& node);
model::GpuSet free_gpus(const Node& node);
int n_free_cores(const Node& node);
int n_free_gpus(const Node& node);
base::Bytes free_memory(const Node& node);
Amounts free_amounts(const Node& node);

using Jobs = base::IdMap<model::JobId, Job>;
using Nodes = base::IdMap<model::NodeId, Node>;

/// Jobs of one kind in order of submission.
using QueuedJobs = base::IdSet<model::JobId>;

/// Eligible jobs. No kind is empty.
using Queue = std::map<JobKind, QueuedJobs>;

/// Jobs that have not ended of one user and name, for singletons.
struct Namesakes {
  base::IdSet<model::JobId> waiting;
  base::IdSet<model::JobId> active;

  bool operator==(const Namesakes&) const = default;
};
using NamesakeKey = std::pair<std::uint32_t, std::string>;

NamesakeKey namesake_key(const Job& job);

/// A booking that has not ended.
struct StandingBooking {
  model::Booking booking;
  bool has_begun = false;

  bool operator==(const StandingBooking&) const = default;
};

/// Room for a waiting job, or for one that is ended to start again on more nodes.
struct Promise {
  std::set<model::JobId> victims;  // that were ended for it and are not gone yet; such a job itself
  std::vector<model::NodeId> nodes;  // that such a job starts again on, its own among them

  bool operator==(const Promise&) const = default;
};

struct State {
  Jobs jobs;
  Nodes nodes;
  std::map<std::string, StandingBooking> bookings;  // by name
  Pools pools;                                      // with a provider, by name
  model::JobId next_job{1};
  model::NodeId next_node{1};

  // Indexes over the above, kept by apply().
  NodesByName node_by_name;
  ReadyNodes ready;
  std::map<NodeKind, int> node_kinds;  // how many there are of each
  std::set<model::NodeId> held_back;   // where holds_back()
  std::map<std::pair<std::uint32_t, std::string>, model::JobId> job_by_token;  // by user and token
  Queue queue;
  std::set<std::pair<base::Time, model::JobId>> time_limits;  // running jobs: last_end()
  Ends expected_ends;                                         // of active jobs that have one
  std::set<std::pair<base::Time, model::JobId>> due;          // waiting jobs that may start then
  std::set<std::pair<base::Time, model::JobId>> too_late;     // waiting jobs with a deadline
  std::map<model::JobId, std::set<model::JobId>> dependants;  // that wait, by what they depend on
  std::map<NamesakeKey, Namesakes> namesakes;                 // of jobs that have not ended
  std::set<std::pair<base::Time, model::JobId>> warnings;  // running jobs to be sent their signal
  std::set<std::pair<base::Time, model::JobId>> graces;    // attempts that may save until then
  std::map<std::string, base::IdSet<model::JobId>> active_by_class;    // as the jobs name it
  std::map<std::string, std::map<model::JobId, int>> license_holders;  // by license; none is empty
  std::set<std::pair<base::Time, std::string>>
      booking_times;                     // when they begin, then when they end
  std::map<model::JobId, Promise> owed;  // jobs that room was promised
  /// Running jobs that may be started again on more nodes, from when on, by kind. None is empty.
  std::map<JobKind, std::set<std::pair<base::Time, model::JobId>>> growers;
  std::set<model::JobId> returned;                     // jobs in the queue that ran before
  std::set<std::pair<base::Time, model::JobId>> back;  // these, by when they came there
  std::set<std::pair<base::Time, model::NodeId>> away_since;
  std::set<std::pair<base::Time, model::NodeId>> evictions;  // by their ends
  std::set<std::pair<base::Time, model::NodeId>> drains;     // that end by themselves
  std::deque<model::JobId> ended;                            // oldest first
  History history;                                           // of these
  Lifetimes lifetimes;                                       // of these, too
  std::map<Owner, Holding> holdings;                         // of those with active attempts
  Usage usage;                                               // of attempts that have ended
  Usage usage_dropped;        // of these, those of jobs that are no longer here
  Tally tally;                // of what quotas count
  std::size_t n_waiting = 0;  // held ones included
  std::size_t n_active = 0;

  std::size_t jobs_kept = 10'000;  // of those that have ended; constant

  bool operator==(const State&) const = default;
};

}  // namespace scheduler
