#pragma once
// What a policy sees and what it answers. A policy reads the view and returns a plan; it changes
// nothing.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/advice.h"
#include "lib/model/layout.h"
#include "lib/model/priority.h"
#include "lib/model/reason.h"
#include "scheduler/core/class.h"
#include "scheduler/core/ledger.h"
#include "scheduler/core/next_attempt.h"
#include "scheduler/core/state.h"
#include "scheduler/core/workspace.h"

namespace scheduler {

/// The state, which pools, classes, workspaces and licenses exist, and when it was looked at last.
struct View {
  const State& state;
  const std::vector<std::string>& pools;
  const Classes& classes;
  const Workspaces& workspaces;
  const model::Licenses& licenses;
  std::optional<base::Time> last_pass = {};  // absent: there was none
  std::span<const ProvidedPool> provided = {};
};

/// For whom a node is to be there.
struct Need {
  std::optional<model::JobId> job;  // that waits
  std::string booking;              // else: that begins soon
};

/// Nodes that waiting jobs and bookings would use, there or not.
struct Needs {
  std::map<model::NodeId, Need> nodes;
  std::optional<base::Time> again;  // when there may be more, whatever happens
};

struct Start {
  model::JobId job;
  model::Allocation allocation;
};

/// Running jobs that make room for a waiting one.
struct Preemption {
  model::JobId by;
  std::vector<model::JobId> victims;
};

/// A running job that is to start again on more nodes.
struct Growth {
  model::JobId job;
  std::vector<model::NodeId> nodes;  // all of them, its own among them
};

/// What one pass decides: starts to make now, disjoint in resources; whom to end, so that others
/// can start then; and what stands before the jobs that stay.
struct Plan {
  std::vector<Start> starts;
  std::vector<Preemption> preemptions;
  std::vector<Growth> growths;
  std::map<model::JobId, base::Time> reservations;  // when these start, by the limits of the rest;
                                                    // also of those that are ended to grow
  std::map<NodeKind, model::JobId> closed;          // nobody gets these nodes before this job
  std::map<model::NodeId, model::JobId> closed_nodes;  // likewise, of a job that names them
  /// Only jobs get these nodes before this one that will make room for it.
  std::map<NodeKind, model::JobId> held_up;
  std::vector<Kept> kept;           // of quotas, for those that have a reservation or are owed room
  std::optional<base::Time> again;  // when another pass may decide otherwise, whatever happens
};

struct Policy {
  /// One pass. When its starts are made, another pass at the same time would make none, unless the
  /// policy trusts predictions: what runs counts with its limit.
  std::function<Plan(const View&, base::Time now)> plan;

  /// Why a job that is in the queue did not start in the pass that gave this plan, its starts made.
  std::function<model::Reason(const View&, const Plan&, const Job&, base::Time now)> explain;

  /// When a job will start that is in the queue, or would if it were submitted now.
  std::function<model::Advice(const View&, const Job&, base::Time now)> advise;

  /// What decides who comes first among those in the queue: one of each kind, the first one first.
  std::function<std::vector<model::PriorityTerms>(const View&, base::Time now)> priorities;

  /// May this request ever run on the nodes that are known? The error says what would fit.
  std::function<base::Result<void>(const View&, const model::Layout&, const model::JobSpec&)> admit;

  /// May this request of a user ever start under the quotas and, if it is new, may it wait now? The
  /// error says what could.
  std::function<base::Result<void>(const View&, const model::User&, const model::JobSpec&,
                                   bool is_new)>
      allow;

  /// The nodes that those in the queue would use if all of them could start now.
  std::function<Needs(const View&, base::Time now)> needs = {};
};

}  // namespace scheduler
