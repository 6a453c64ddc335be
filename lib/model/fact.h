#pragma once
// What happened: the only things that are kept. State is what the facts, applied in order, make of
// it. A kind, once shipped, never changes its meaning (docs/journal.md).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/sum.h"
#include "lib/base/time.h"
#include "lib/model/booking_fact.h"
#include "lib/model/change.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/layout.h"
#include "lib/model/node.h"
#include "lib/model/node_fact.h"
#include "lib/model/outcome.h"
#include "lib/model/pool_fact.h"

namespace model {

/// Heads a snapshot: the numbers that are given next, so that none is used twice after old jobs are
/// dropped.
struct NumbersGiven {
  JobId next_job;
  NodeId next_node;
  bool operator==(const NumbersGiven&) const = default;
};

// Nodes.

/// An agent dialled in and its node may take work. Repeated when it comes back, with what it is
/// now. Strays are launches that still run there though they were written off; the node takes no
/// work until they are gone.
struct NodeJoined {
  NodeId node;
  NodeInfo info;
  std::vector<LaunchKey> strays;
  NodeCondition condition = {};
  bool operator==(const NodeJoined&) const = default;
};

/// A stray is gone.
struct StrayGone {
  NodeId node;
  LaunchKey key;
  bool operator==(const StrayGone&) const = default;
};

/// The agent's connection broke. What runs there runs on; no new work goes there.
struct NodeAway {
  NodeId node;
  bool operator==(const NodeAway&) const = default;
};

/// Away for longer than the node time-out: what ran there is written off.
struct NodeLost {
  NodeId node;
  bool operator==(const NodeLost&) const = default;
};

// Jobs.

struct JobSubmitted {
  JobId job;
  User user;
  std::shared_ptr<const JobSpec> spec;
  std::vector<PastJob> past;  // of the jobs it depends on, those that had ended
  bool operator==(const JobSubmitted& other) const;
};

struct JobHeld {
  JobId job;
  std::string by;
  bool operator==(const JobHeld&) const = default;
};

struct JobReleased {
  JobId job;
  std::string by;
  bool operator==(const JobReleased&) const = default;
};

/// The job has its nodes; its batch script is to be started on the first, after the preparation of
/// all if it has one.
struct AttemptStarted {
  JobId job;
  std::uint32_t attempt = 1;
  Allocation allocation;
  bool has_site_programs = false;  // its nodes get a preparation, even if the job asks for none
  bool operator==(const AttemptStarted&) const = default;
};

/// A launch's processes exist.
struct LaunchStarted {
  LaunchKey key;
  NodeId node;
  bool operator==(const LaunchStarted&) const = default;
};

/// A node of the attempt is prepared: by the last one, the batch script is to be started.
struct LaunchPrepared {
  LaunchKey key;  // of a preparation
  NodeId node;
  bool operator==(const LaunchPrepared&) const = default;
};

/// `muster run` inside the attempt: `tasks` for each of its nodes, 0 where it has no part.
struct StepStarted {
  LaunchKey key;  // with a step
  std::shared_ptr<const StepSpec> spec;
  std::vector<int> tasks;
  std::vector<StepShare> shares = {};  // by node of the allocation; none: it shares the job's
  bool operator==(const StepStarted& other) const;
};

/// A launch and all its processes are gone.
struct LaunchEnded {
  NodeId node;
  LaunchReport report;
  bool operator==(const LaunchEnded&) const = default;
};

/// The attempt is to end, and why: what still runs is being ended.
struct AttemptEnding {
  JobId job;
  std::uint32_t attempt = 1;
  Failure why;
  bool operator==(const AttemptEnding&) const = default;
};

/// All launches of the attempt are gone and its resources are free; the job waits again.
struct AttemptRequeued {
  JobId job;
  std::uint32_t attempt = 1;
  base::Time not_before;
  bool operator==(const AttemptRequeued&) const = default;
};

/// The end of the job, and of its last attempt if it had one.
struct JobEnded {
  JobId job;
  Outcome outcome;
  bool operator==(const JobEnded&) const = default;
};

/// The attempt makes room for the job `by`, or for whoever needs it. Until `stop_at` it may save
/// its work and exit; then it is ended. A `stop_at` that is not in the future: at once.
struct AttemptPreempted {
  JobId job;
  std::uint32_t attempt = 1;
  std::optional<JobId> by;  // absent: `cause` says why
  base::Time stop_at;
  std::string cause = {};
  bool operator==(const AttemptPreempted&) const = default;
};

/// Nobody else gets what these jobs are being ended for.
struct RoomPromised {
  JobId job;
  std::vector<JobId> victims;
  bool operator==(const RoomPromised&) const = default;
};

/// The attempt is ended to start again on these nodes, which are its own and more, and which nobody
/// else gets until then. Until `stop_at` it may save its work, as one that is preempted.
struct AttemptGrows {
  JobId job;
  std::uint32_t attempt = 1;
  std::vector<NodeId> nodes;
  base::Time stop_at;
  bool operator==(const AttemptGrows&) const = default;
};

/// The time to save is over: what still runs is being ended.
struct GraceEnded {
  JobId job;
  std::uint32_t attempt = 1;
  bool operator==(const GraceEnded&) const = default;
};

/// One of its nodes is going to be taken: an attempt that is being ended has less time to save.
struct GraceShortened {
  JobId job;
  std::uint32_t attempt = 1;
  base::Time stop_at;
  bool operator==(const GraceShortened&) const = default;
};

/// The time limit comes near: the job's save signal is sent.
struct AttemptWarned {
  JobId job;
  std::uint32_t attempt = 1;
  bool operator==(const AttemptWarned&) const = default;
};

/// The attempt says that what it did until then is safe.
struct CheckpointTaken {
  JobId job;
  std::uint32_t attempt = 1;
  base::Time taken_at;
  bool operator==(const CheckpointTaken&) const = default;
};

/// Heads a snapshot: work of one user in one workspace, of jobs that are dropped.
struct UsageCarried {
  std::uint32_t uid = 0;
  std::string workspace;
  base::Time since;  // of the period in which it was done
  base::Duration core_time{};
  base::Duration gpu_time{};
  bool operator==(const UsageCarried&) const = default;
};

/// A job that this waiting one depends on has ended. The state may drop that job from now on.
struct ParentEnded {
  JobId job;
  PastJob parent;
  bool operator==(const ParentEnded&) const = default;
};

/// A task of an array is a job of its own from here on. It starts next, or others make room for it.
struct TaskSplit {
  JobId job;
  ArrayTask task;
  bool operator==(const TaskSplit&) const = default;
};

/// These tasks of an array will not start.
struct TasksCancelled {
  JobId job;
  IndexSet tasks;
  Failure why;
  bool operator==(const TasksCancelled&) const = default;
};

/// Ends a snapshot: how an array stands whose ended tasks the state has dropped.
struct ArrayStands {
  JobId job;
  ArrayTally tally;
  bool operator==(const ArrayStands&) const = default;
};

/// The request of a job has changed, from now on and for its next attempts; of a running one, its
/// time limit and when it grows.
struct JobUpdated {
  JobId job;
  std::string by;
  std::shared_ptr<const JobChange> change;
  std::vector<PastJob> past;  // with a new dependency: of the jobs in it, those that had ended
  bool operator==(const JobUpdated& other) const;
};

using FactTypes = base::Alternatives<
    NumbersGiven, NodeJoined, StrayGone, NodeAway, NodeLost, JobSubmitted, JobHeld, JobReleased,
    AttemptStarted, LaunchStarted, StepStarted, LaunchEnded, AttemptEnding, AttemptRequeued,
    JobEnded, AttemptPreempted, AttemptGrows, GraceEnded, AttemptWarned, CheckpointTaken,
    UsageCarried, RoomPromised, ParentEnded, TaskSplit, TasksCancelled, ArrayStands, BookingMade,
    BookingBegun, BookingEnded, JobUpdated, NodePlanned, NodeTurned, PoolChanged, PoolStopped,
    PoolResumed, PoolStands, NodeEvicted, NodeEvictionOver, AttemptEvicted, NodeDrained,
    NodeResumed, GraceShortened, NodeTwin, NodeConditioned, NodeSuspected, LaunchPrepared,
    NodeQuarantined, GpusIdle>;
using FactBody = base::Sum<FactTypes>;

struct Fact {
  base::Time at;
  FactBody body;
  bool operator==(const Fact&) const = default;
};

/// "job_submitted", "node_joined" ...: the kind in the journal, the event stream and the log.
std::string_view kind_of(const FactBody& body);

/// The job that a fact is about, if any. What is left of a written-off job is the node's matter.
std::optional<JobId> job_of(const FactBody& body);

/// The name of the booking that a fact is about; nullptr: it is about none.
const std::string* booking_of(const FactBody& body);

}  // namespace model
