#pragma once
// A job in the controller's state: what was asked, and the phase it is in with just that phase's
// data.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/box.h"
#include "lib/base/time.h"
#include "lib/model/array.h"
#include "lib/model/dependency.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/layout.h"
#include "lib/model/outcome.h"
#include "lib/model/record.h"

namespace scheduler {

/// One launch on one node, from its order to its end.
struct Part {
  model::NodeId node;
  bool started = false;
  std::optional<model::LaunchReport> report;       // set: ended
  bool is_prepared = false;                        // of a preparation: the node is
  std::optional<base::Time> gpus_idle_since = {};  // long enough to be told

  bool is_live() const { return !report.has_value(); }
  bool operator==(const Part&) const = default;
};

struct Step {
  std::shared_ptr<const model::StepSpec> spec;
  std::vector<int> tasks;                // by node of the allocation
  std::vector<model::StepShare> shares;  // the same; none: it has no cores of its own
  base::Time started_at;
  std::vector<Part> parts;  // of the nodes with tasks, in order

  bool operator==(const Step& other) const;
};

struct Attempt {
  std::uint32_t number = 1;
  model::Allocation allocation;
  base::Time started_at;
  std::vector<Part> preparation;  // by node of the allocation; of a job without one: none
  Part batch;                     // not to be there before all of these are prepared
  std::map<model::StepId, Step> steps;
  std::optional<base::Time> checkpoint_at;  // the last that it reported

  bool operator==(const Attempt&) const = default;
};

struct Waiting {
  std::optional<std::string> held_by;
  std::optional<base::Time> not_before;  // as asked for, or after a requeue
  base::Time as_of;               // what is due by then has come; moved by its own facts only
  std::optional<base::Time> due;  // its place in State::due, while it has one
  std::optional<base::Time> back = std::nullopt;  // the same in State::back
  bool operator==(const Waiting&) const = default;
};

/// Has its nodes; the batch script is not known to run yet.
struct Starting {
  base::Box<Attempt> attempt;
  bool operator==(const Starting&) const = default;
};

struct Running {
  base::Box<Attempt> attempt;
  base::Time since;
  bool operator==(const Running&) const = default;
};

/// Is being ended before its time.
struct Ending {
  base::Box<Attempt> attempt;
  model::Failure why;
  base::Time since;
  std::optional<base::Time> running_since;
  std::optional<model::JobId> makes_room_for;  // itself: it starts again on more nodes
  std::optional<base::Time> stop_at;           // until then it may save its work
  bool is_too_late = false;  // its work had ended before: what that came to stands
  bool operator==(const Ending&) const = default;
};

struct Done {
  model::Outcome outcome;
  base::Time at;
  base::Box<Attempt> last;
  std::optional<base::Time> running_since;
  bool operator==(const Done&) const = default;
};

/// An array all of whose tasks have started or been cancelled; some of them have not ended.
struct Spread {
  bool operator==(const Spread&) const = default;
};

/// What has an attempt always has one.
using Phase = std::variant<Waiting, Starting, Running, Ending, Done, Spread>;

/// Of an array: the tasks that are no jobs of their own, and what has become of the others.
struct Tasks {
  model::ArrayTally tally;
  std::set<int> open;  // have started and not ended
  int startable = 0;   // of those that are pending, while the array is in the queue

  bool operator==(const Tasks&) const = default;
};

/// What each pass reads stands together at the front.
struct Job {
  model::JobId id;
  std::uint32_t attempts = 0;  // started so far
  base::Time submitted_at;
  std::shared_ptr<const model::JobSpec> spec;
  base::Box<Tasks> tasks;  // of an array
  Phase phase;
  model::User user;
  model::Layout layout;
  std::optional<model::LastChange> changed;     // of the request
  std::map<model::JobId, model::PastJob> past;  // of the jobs it depends on, those that ended
  std::optional<model::ArrayTask> task;         // of a job that is one
  std::vector<model::AttemptRecord> earlier;
  std::uint32_t pardoned = 0;  // attempts before its release from a hold for its prologs

  bool operator==(const Job& other) const;
};

/// The attempt that holds resources now, if any.
const Attempt* active_attempt(const Job& job);
Attempt* active_attempt(Job& job);

/// The active attempt, or the last of a job that has ended.
const Attempt* latest_attempt(const Job& job);

/// The part that a key names on a node, if the job's active attempt has it.
Part* find_part(Job& job, const model::LaunchKey& key, model::NodeId node);
const Part* find_part(const Job& job, const model::LaunchKey& key, model::NodeId node);

/// Is the time of the batch script? From then on it is ordered.
bool is_script_due(const Attempt& attempt);

/// Does the batch script live, or a part of a step?
bool has_live_work(const Attempt& attempt);

/// Or a preparation?
bool has_live_parts(const Attempt& attempt);

/// Is the attempt being ended to start again on more nodes?
bool is_growing(const Job& job);

/// When a running attempt is ended: by its time limit or the job's deadline.
std::optional<base::Time> last_end(const Job& job);

/// When the active attempt will be over at the latest by its limit or deadline; of one that is
/// being ended: when it is told to stop, or since when it was.
std::optional<base::Time> expected_end(const Job& job);

/// Since when all GPUs of the active attempt do nothing, as far as its launches say: each that
/// lives where it has GPUs.
std::optional<base::Time> gpus_idle_since(const Job& job);

/// How many earlier attempts ended for this cause.
std::size_t n_ended_by(const Job& job, model::Cause cause);

/// Where earlier attempts failed, first the longest ago, if its restart policy keeps it away.
std::vector<std::string> avoided_nodes(const Job& job);

/// For how long the active attempt would have run in vain if it ended now: since its last
/// checkpoint or its start.
base::Duration unsaved_time(const Job& job, base::Time now);

}  // namespace scheduler
