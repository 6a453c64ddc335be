#pragma once
// How long the jobs that have ended ran, and what that says of those that wait. It is made from the
// ended jobs that the state still keeps, so it is bounded as they are, and a replay that starts at
// a snapshot has the same.

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "scheduler/core/job.h"
#include "scheduler/core/kind.h"

namespace scheduler {

/// What jobs share that run for alike parts of their limits. An absent field is shared by all.
struct Likeness {
  bool is_limited = true;
  std::optional<std::uint32_t> uid;
  std::optional<base::Duration> time_limit;
  std::string family;

  auto operator<=>(const Likeness&) const = default;  // any order, for use as a key
};

struct Ran {
  model::JobId job;
  base::Duration run{};
  base::Duration limit{};

  bool operator==(const Ran&) const = default;
};

class History {
 public:
  /// Takes a job that has ended; one that never started teaches nothing.
  void learn(const Job& job);

  /// Drops the oldest job that has ended.
  void forget(const Job& job);

  /// The expected run time of a job of this kind that starts now: at least a second, at most its
  /// limit. Each circle of likeness, from all jobs to those of the same user, limit and name, takes
  /// the mean of the part of their limits that its last two jobs ran for and of what the wider
  /// circle expects, which counts as one job; before anything is known, that is all of the limit.
  /// The last two: Tsafrir, Etsion, Feitelson, IEEE TPDS 2007. cost: O(log ended jobs)
  base::Duration predict(const JobKind& kind) const;

  bool operator==(const History&) const = default;

 private:
  std::map<Likeness, std::deque<Ran>> last_;  // oldest first
};

}  // namespace scheduler
