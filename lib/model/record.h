#pragma once
// What people ask for: a job and a node as the API shows them and history keeps them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/condition.h"
#include "lib/model/dependency.h"
#include "lib/model/hang_limit.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/job_state.h"
#include "lib/model/layout.h"
#include "lib/model/node.h"
#include "lib/model/outcome.h"
#include "lib/model/preparation.h"
#include "lib/model/reason.h"
#include "lib/model/restart.h"
#include "lib/model/undying.h"
#include "lib/model/usage_series.h"

namespace model {

struct StepRecord {
  StepId step;
  std::string command;     // program and arguments, for people
  std::vector<int> tasks;  // by node of the allocation
  bool by_node = false;    // its ranks go round the nodes
  base::Time started_at;
  std::optional<base::Time> ended_at;
  int exit_code = 0;
  std::optional<Failure> failure;
  Usage usage;                   // of its nodes that have ended
  std::vector<RankUsage> ranks;  // that have ended

  bool operator==(const StepRecord&) const = default;
};

/// How far the preparation of one node is.
struct NodePreparation {
  std::string node;
  bool is_prepared = false;
  std::optional<Failure> failure;

  bool operator==(const NodePreparation&) const = default;
};

/// What a launch that has ended used over time.
struct LaunchUsage {
  LaunchKey launch;
  std::string node;
  int cores = 0;  // that its attempt has there
  int gpus = 0;
  base::Bytes memory;  // likewise; 0: without a limit
  UsageSeries series;

  bool operator==(const LaunchUsage&) const = default;
};

/// One start of the job that has ended, except the last, which the record itself shows.
struct AttemptRecord {
  std::uint32_t attempt = 1;
  std::string nodes;  // compressed list
  int cores = 0;      // of all of them
  int gpus = 0;
  base::Time started_at;
  base::Time ended_at;
  Failure why;
  base::Bytes memory;  // that it was given, of the node that gave most; 0: none was asked for
  std::optional<base::Time> checkpoint_at;  // its last

  bool operator==(const AttemptRecord&) const = default;
};

/// What it did in vain: since its last checkpoint or its start.
base::Duration lost_time(const AttemptRecord& attempt);

/// The last change of a request by muster update.
struct LastChange {
  base::Time at;
  std::string by;

  bool operator==(const LastChange&) const = default;
};

struct JobRecord {
  JobId job;
  User user;
  std::string name;
  std::string pool;  // asked for; empty: any
  std::string workspace;
  std::string class_name;  // with the default filled in
  std::string comment;
  JobState state = JobState::waiting;
  int priority = 0;
  Layout layout;
  std::optional<base::Duration> time_limit;
  std::string script_name;
  std::vector<std::string> arguments;
  std::string work_dir;
  std::string output;  // path pattern
  std::string error;
  std::optional<base::Time> begin;     // asked for
  std::optional<base::Time> deadline;  // asked for
  Dependency dependency;
  bool requeue = true;                       // asked for
  std::optional<RestartPolicy> restart;      // asked for
  std::optional<HangLimit> hang_timeout;     // asked for
  std::optional<base::Duration> grow_after;  // asked for
  std::optional<int> max_evictions;          // asked for
  std::optional<Array> array;                // asked for; also of its tasks
  std::optional<ArrayTask> task;             // of a job that is one
  std::optional<ArrayTally> tally;           // of an array
  NodeChoice choice;                         // asked for
  Preparation preparation;                   // asked for
  Licenses licenses;                         // asked for
  int n_running = 0;                         // tasks of an array that have started and not ended

  base::Time submitted_at;
  std::optional<LastChange> changed;
  std::uint32_t attempt = 0;  // 0: never started
  Allocation allocation;      // of the current or last attempt
  std::optional<base::Time> started_at;
  std::optional<base::Time> ended_at;
  std::optional<base::Time> checkpoint_at;   // the last that the current or last attempt reported
  std::optional<Reason> reason;              // while it waits
  std::optional<base::Time> expected_start;  // of a job with a reservation, as things stand
  std::optional<Outcome> outcome;
  std::optional<Failure> ending;  // why the attempt is being ended, while it is
  Usage usage;
  std::vector<NodePreparation> prepared;  // of the nodes of the current or last attempt
  std::vector<StepRecord> steps;          // of the current or last attempt
  std::vector<AttemptRecord> earlier;
  std::vector<std::string> avoids;  // nodes where an attempt failed, first the longest ago
  std::optional<base::Time> gpus_idle_since;  // of one that runs
  std::vector<LaunchUsage> over_time;         // of the current or last attempt

  bool operator==(const JobRecord&) const = default;
};

enum class NodeState {
  idle,
  busy,
  away,
  lost,
  // Of nodes that a provider makes and ends (model::NodeLife).
  wanted,
  starting,
  preparing,
  draining,
  leaving,
  unusable,
  evicted,  // going to be taken
  drained,  // by command, and idle; draining while it has jobs
  absent
};

std::string_view to_text(NodeState state);
std::optional<NodeState> node_state_from_text(std::string_view text);

/// It is going to be taken.
struct NodeEviction {
  base::Time until;
  std::string cause;
  std::string by;  // empty: the world

  bool operator==(const NodeEviction&) const = default;
};

/// It takes no new work by command.
struct NodeDrain {
  base::Time since;
  std::string by;
  std::string reason;
  std::optional<base::Time> until;

  bool operator==(const NodeDrain&) const = default;
};

/// See model::Suspicion.
struct NodeSuspicion {
  base::Time at;
  Suspicion suspicion;

  bool operator==(const NodeSuspicion&) const = default;
};

struct NodeRecord {
  NodeId node;
  NodeInfo info;
  NodeState state = NodeState::idle;
  base::Time since;  // of the state
  CoreSet cores_used;
  GpuSet gpus_used;
  base::Bytes memory_used;
  std::vector<JobId> jobs;
  std::vector<std::string> bookings;  // that it is part of
  std::optional<NodeEviction> eviction;
  std::optional<NodeDrain> drain;
  std::optional<NodeCondition> condition = {};  // of one that is not ready
  std::vector<NodeSuspicion> suspicions = {};   // the last ones, oldest first
  std::vector<Undying> undying = {};            // processes that outlived SIGKILL
  std::vector<FailingGpu> failing = {};         // GPUs that are out of service

  bool operator==(const NodeRecord&) const = default;
};

/// A booking that has not ended.
struct BookingRecord {
  std::string name;
  std::vector<std::string> nodes;
  base::Time start;
  base::Time end;
  bool is_maintenance = false;
  std::vector<std::string> users;
  std::vector<std::string> workspaces;
  std::string comment;
  std::string by;
  bool has_begun = false;

  bool operator==(const BookingRecord&) const = default;
};

}  // namespace model
