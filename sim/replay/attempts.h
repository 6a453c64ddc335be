#pragma once
// What the jobs of a replay have computed and what of it they have saved, attempt by attempt.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/agent_message.h"
#include "lib/model/ids.h"
#include "sim/replay/workload.h"

namespace replay {

/// When a job saves its work. `none`: never, so one that is preempted begins anew. `always`: when
/// it is asked to, at once. `periodic`: each time that it has run for the interval.
enum class Checkpoints { none, always, periodic };

struct Saving {
  Checkpoints checkpoints = Checkpoints::none;
  base::Duration interval{};      // of periodic ones
  base::Duration restart_cost{};  // at the start of each attempt but the first
};

/// An attempt, since the start of the log.
struct Span {
  std::size_t job;  // index
  base::Duration start;
  base::Duration end;

  bool operator==(const Span&) const = default;
};

/// An attempt that runs.
struct Running {
  std::size_t job;  // index
  std::uint32_t attempt;
  base::Time started_at;
  model::NodeId node;
  base::Duration to_do;  // what was not saved before, and the cost of the restart

  model::LaunchKey key() const;
  /// An attempt that ran its course, or was ended by a signal.
  model::LaunchReport report(base::Time at, bool is_done) const;
};

class Attempts {
 public:
  Attempts(const Workload& workload, const Saving& saving)
      : workload_(workload), saving_(saving), kept_(workload.jobs.size()) {}

  void begin(std::size_t job, std::uint32_t attempt, model::NodeId node, base::Time now);

  bool empty() const { return by_end_.empty(); }
  /// When the next attempt runs its course; Time::max() when none does.
  base::Time next_end() const;
  /// The first of those that end at that time, in order of their starts.
  const Running& next() const { return by_end_.begin()->second; }
  Running finish_next();
  /// What the start of the attempt costs before it computes.
  base::Duration cost_of(const Running& running) const;

  struct Ended {
    Running attempt;
    base::Duration lost;  // time that it ran in vain
  };
  /// Ends a running job before its course is run; it keeps what it has saved.
  Ended cut_short(std::size_t job, base::Time now);

  /// Jobs that saved since they were asked last, and when they did.
  std::vector<std::pair<Running, base::Time>> new_checkpoints(base::Time now);

 private:
  using Key = std::pair<base::Time, std::uint64_t>;  // of the end, and the order of starts

  base::Duration saved(const Running& running, base::Time now) const;
  const Workload& workload_;
  Saving saving_;
  std::vector<base::Duration> kept_;  // of each job's run time, by the attempts before
  std::map<Key, Running> by_end_;
  std::map<std::size_t, Key> key_of_;               // by job
  std::map<std::size_t, base::Duration> reported_;  // what was saved when it was asked last
  std::uint64_t n_begun_ = 0;
};

}  // namespace replay
