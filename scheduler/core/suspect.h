#pragma once
// Nodes where one job after another fails: whose fault that looks like, and what follows.

#include <chrono>
#include <cstddef>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"

namespace scheduler {

constexpr base::Duration suspicion_lasts = std::chrono::minutes(10);
constexpr std::size_t suspicions_kept = 16;  // of a node

/// The end of a launch of this job there.
struct LaunchEnd {
  const Node& node;
  const Job& job;
  const model::LaunchReport& report;
};

/// What follows from it beside that it has ended: it is noted, if it may be the node's fault, and
/// the node is drained when enough jobs of several users have failed there one after another. Users
/// whose jobs fail elsewhere, too, do not count: those bring their faults along.
std::vector<model::FactBody> suspect(const State& state, const Settings& settings,
                                     const LaunchEnd& end, base::Time now);

}  // namespace scheduler
