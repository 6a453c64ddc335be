#pragma once
// How long the work that is there would keep the nodes busy if nothing more came.

#include <functional>
#include <map>
#include <string>

#include "lib/base/time.h"
#include "scheduler/core/view.h"

namespace policy {

/// By pool asked for ("": any, which is no shorter than the longest). Waiting jobs count for as
/// long as they are expected to run, running ones until their limits, each with the share that it
/// takes of what the pool has most need of (the dominant share: Ghodsi et al., NSDI 2011). cost:
/// O(kinds + running jobs)
std::map<std::string, base::Duration> drain_times(const scheduler::View& view, base::Time now);

/// For how long a job of a kind that was served so long is expected to run on.
using Left = std::function<base::Duration(const scheduler::JobKind&, base::Duration served)>;

/// The same, every job counting for as long as `left` says.
/// cost: O(kinds + running jobs + jobs that ran before)
std::map<std::string, base::Duration> drain_times(const scheduler::View& view, base::Time now,
                                                  const Left& left);

/// What the waiting jobs alone make of that: never more. cost: O(kinds)
std::map<std::string, base::Duration> queue_times(const scheduler::View& view);

}  // namespace policy
