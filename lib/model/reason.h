#pragma once
// Why a job waits: a typed value with the numbers that stand before it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/sum.h"
#include "lib/base/time.h"
#include "lib/model/dependency.h"
#include "lib/model/ids.h"
#include "lib/model/job_state.h"
#include "lib/model/layout.h"
#include "lib/model/quota.h"

namespace model {

/// No pass has looked at it yet.
struct NotConsidered {
  bool operator==(const NotConsidered&) const = default;
};

/// Submitted with --hold, or held later.
struct Held {
  std::string by;
  std::string why = {};  // of one that musterd holds: one sentence
  bool operator==(const Held&) const = default;
};

/// Its nodes do not have enough free now.
struct ShortOfResources {
  int nodes_needed = 1;        // 0: any number that has enough together
  int nodes_ready = 0;         // up, in an allowed pool
  int nodes_fitting = 0;       // of these, with enough free now
  Demand per_node;             // of the largest part; of all where any number will do
  std::vector<JobId> holders;  // whose end would free the nodes, soonest known end first; at most 8
  bool whole_nodes = false;    // nobody else may be there
  std::string undying = {};    // one sentence: what a process holds there that outlived SIGKILL
  std::string failing = {};    // one sentence: which GPU there is out of service
  bool operator==(const ShortOfResources&) const = default;
};

/// A node that takes no work by command.
struct DrainedNode {
  std::string node;
  std::string by;
  std::string reason;
  std::optional<base::Time> until;
  bool operator==(const DrainedNode&) const = default;
};

/// Too few nodes are connected at all, and not drained.
struct NodesAway {
  int nodes_needed = 1;
  int nodes_ready = 0;
  std::vector<DrainedNode> drained = {};  // that it could use; at most 4
  int n_drained = 0;                      // in all
  std::string unfit = {};  // why others take no work, as describe(NodeCondition) says; may be empty
  bool operator==(const NodesAway&) const = default;
};

/// An earlier or more important job waits for the same nodes; nothing overtakes it.
struct Behind {
  JobId job;
  bool operator==(const Behind&) const = default;
};

/// It would fit now, but then this job, which comes first, could not start in time.
struct WouldDelay {
  JobId job;
  base::Time start;  // of that job, as things stand
  bool operator==(const WouldDelay&) const = default;
};

/// It starts again after an attempt that failed, not before this time.
struct BackOff {
  base::Time until;
  std::string after;  // how that ended, for people
  bool operator==(const BackOff&) const = default;
};

/// Other jobs are being ended to make room for it.
struct Preempting {
  std::vector<JobId> victims;
  base::Time until;  // when they are gone, as things stand
  bool operator==(const Preempting&) const = default;
};

/// It is to start later: by --begin, or by the delay of a dependency.
struct BeginTime {
  base::Time at;
  bool operator==(const BeginTime&) const = default;
};

/// A term that is not met yet, and the job that stands before it.
struct OpenTerm {
  DependencyTerm term;
  JobId job;
  JobState state = JobState::waiting;  // of that job
  bool operator==(const OpenTerm&) const = default;
};

/// What it depends on has not happened yet.
struct DependsOn {
  bool is_any = false;          // one of them is enough
  std::vector<OpenTerm> terms;  // at most 8
  int n_terms = 0;              // in all that are not met
  bool operator==(const DependsOn&) const = default;
};

/// As many tasks of its array run as may at a time.
struct ArrayLimit {
  int n_running = 0;
  bool operator==(const ArrayLimit&) const = default;
};

/// Licenses that it asks for are in use.
struct ShortOfLicenses {
  std::string license;
  int needed = 1;
  int free = 0;
  int all = 0;                 // of the cluster
  std::vector<JobId> holders;  // soonest known end first; at most 8
  bool operator==(const ShortOfLicenses&) const = default;
};

/// Nodes that it could have are booked for others before it would have ended; or its own booking
/// has not begun, or has ended.
struct Booked {
  std::string booking;
  std::optional<base::Time> from;  // absent: it is over
  base::Time until;
  bool is_own = false;
  bool operator==(const Booked&) const = default;
};

/// Nodes of a pool are to come, or the pool cannot get any.
struct NodesComing {
  std::string pool;
  int n_nodes = 0;      // that are being started
  std::string trouble;  // why none come; empty: they do
  std::optional<base::Time> retry_at;
  bool is_stopped = false;
  std::string unfit = {};  // as of NodesAway
  bool operator==(const NodesComing&) const = default;
};

using ReasonTypes = base::Alternatives<NotConsidered, Held, ShortOfResources, NodesAway, Behind,
                                       WouldDelay, BackOff, Preempting, BeginTime, DependsOn,
                                       ArrayLimit, ShortOfLicenses, Booked, Quota, NodesComing>;

using Reason = base::Sum<ReasonTypes>;

/// The kind in one word for listings: "resources", "behind", "held" ...
std::string_view kind_of(const Reason& reason);

/// One sentence with its numbers.
std::string describe(const Reason& reason);

}  // namespace model
