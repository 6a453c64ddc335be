#pragma once
// How things end: a launch on one node, an attempt, a job; and the cause, with the numbers that
// explain it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/index_set.h"
#include "lib/model/usage_series.h"

namespace model {

/// Why something ended otherwise than by success.
enum class Cause {
  exit_code,      // a process exited with a code other than 0
  signal,         // a process was killed by a signal
  aborted,        // a rank called MPI_Abort
  before_init,    // a rank ended before MPI_Init while others waited in it
  not_finalized,  // a rank exited with 0 after MPI_Init but without MPI_Finalize
  refused,        // a rank asked its launcher for what it does not do, or in words it cannot read
  cannot_start,   // no such program, not executable, no such directory, output not writable
  launcher_lost,  // the launcher was killed, so its ranks were ended
  peer_lost,      // the launchers of a step lost each other
  hang,           // no rank of a step did anything for the time that it was given
  told_to_end,    // a launcher was told to end its step, so its ranks were ended
  cancelled,      // by a user
  time_limit,     // the job's time limit is reached
  node_lost,      // a node did not come back in time, or came back rebooted
  preempted,      // it made room for another job
  deadline,       // it had not ended, or could not have ended, by its deadline
  dependency,     // what it depended on can never be met
  out_of_memory,  // the kernel killed a process for lack of memory
  output_lost,    // what a step printed could not be written to its file
  grow,           // it starts again on more nodes
  evicted,        // one of its nodes was taken
  preparation,    // a node could not be prepared for it
  mount,          // the same, because of one of its mounts
  image,          // the same, because of the image that it runs in
  gpu_idle,       // its GPUs did nothing for longer than the cluster lets them
  prolog,         // the site's prolog failed on a node
  requeued,       // a user has it start again
  requeued_held,  // the same, when it is released
};

std::string_view to_text(Cause cause);
std::optional<Cause> cause_from_text(std::string_view text);

/// Does a user have the job start again?
constexpr bool is_requeue(Cause cause) {
  return cause == Cause::requeued || cause == Cause::requeued_held;
}

/// The first thing that went wrong, for the person who asks why.
struct Failure {
  Cause cause = Cause::exit_code;
  int code = 0;  // exit code or signal number, where the cause has one; out of memory: 0 if the
                 // process itself was killed, else what it then exited with
  std::optional<StepId> step;
  std::optional<int> rank;
  std::string node;
  std::string text;  // detail: the path that could not be executed, who cancelled

  bool operator==(const Failure&) const = default;
};

/// Could a node not be prepared?
bool is_of_preparation(const Failure& failure);

/// One sentence: "step 0: rank 2 on n2 exited with code 3".
std::string describe(const Failure& failure);

/// Of some GPUs together, while somebody watched them.
struct GpuUse {
  base::Duration watched{};  // summed over the GPUs
  base::Duration busy{};     // of this, while a kernel ran
  base::Bytes memory_peak;   // most in use on one of them, by whomever

  bool operator==(const GpuUse&) const = default;
};

void add_to(std::optional<GpuUse>& sum, const GpuUse& use);
/// Of the time that it was watched, from 0 to 1.
double busy_part(const GpuUse& use);
/// "63%"
std::string busy_text(const GpuUse& use);

struct Usage {
  base::Duration cpu{};     // user + system of everything started
  base::Bytes memory_peak;  // largest resident set of one process
  base::Bytes total_peak;   // most memory of all processes of the job on a node; 0: nobody counted
  std::optional<GpuUse> gpu;  // absent: there was none, or nobody could tell

  bool operator==(const Usage&) const = default;
};

/// Of one rank, by its own process and those of its children that it waited for.
struct RankUsage {
  int rank = 0;
  base::Duration cpu{};
  base::Bytes memory_peak;    // largest resident set of one process
  std::optional<GpuUse> gpu;  // of all GPUs that it sees, while it ran

  bool operator==(const RankUsage&) const = default;
};

/// What one launch on one node came to. Kept by the agent until acknowledged.
struct LaunchReport {
  LaunchKey key;
  base::Time started_at;
  base::Time ended_at;
  int exit_code = 0;               // highest of its processes, 128 + signal for a killed one
  std::optional<Failure> failure;  // absent: success
  Usage usage;
  std::vector<RankUsage> ranks;  // of a step: of the node's ranks that have ended
  UsageSeries series = {};       // no points: it was too short, or nobody looked
  // Of a preparation on a node with an epilog of the site, by the agent.
  bool is_epilog_due = false;     // it will be reported again when the epilog has ended
  std::string epilog_fault = {};  // "exited with code 3"; empty: it did not fail

  bool operator==(const LaunchReport&) const = default;
};

enum class Ending { completed, failed, cancelled, timed_out, node_lost, preempted };

std::string_view to_text(Ending ending);
std::optional<Ending> ending_from_text(std::string_view text);

/// The end of an attempt or a job.
struct Outcome {
  Ending ending = Ending::completed;
  int exit_code = 0;  // of the batch script, 128 + signal; what submit --wait exits with
  std::optional<Failure> failure;

  bool operator==(const Outcome&) const = default;
};

/// What has become of the tasks of an array so far.
struct ArrayTally {
  bool has_begun = false;  // a task has started
  IndexSet pending;        // not started
  IndexSet completed;
  std::map<Ending, int> ended;          // how many ended how
  std::optional<Outcome> worst;         // of those that have not completed
  std::optional<base::Time> spread_at;  // when the last was started or cancelled

  bool operator==(const ArrayTally&) const = default;
};

/// Counts tasks that were cancelled before they started.
void count_cancelled(ArrayTally& tally, const IndexSet& tasks, const Failure& why);

/// Counts the end of a task. The outcome of an array is the worst of its tasks'; its exit code the
/// highest.
void count_end(ArrayTally& tally, int index, const Outcome& outcome);

/// The outcome of an array whose tasks have all ended.
Outcome outcome_of(const ArrayTally& tally);

}  // namespace model
