#pragma once
// What a policy sees and what it answers. A policy reads the view and returns a plan; it changes
// nothing.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "lib/model/reason.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// The state, and which pools exist.
struct View {
  const State& state;
  const std::vector<std::string>& pools;
};

struct Start {
  model::JobId job;
  model::Allocation allocation;
};

/// Starts to make now, disjoint in resources; and of the jobs that stay, the first that could not
/// start in each pool with its reason. Everything queued behind it in that pool waits for it.
struct Plan {
  std::vector<Start> starts;
  std::map<model::JobId, model::Reason> blocked;
  std::map<std::string, model::JobId> first_blocked;  // by pool asked for
};

struct Policy {
  /// One pass. Called again after its starts are made, until it makes none.
  std::function<Plan(const View&, base::Time now)> plan;

  /// May this request ever run on the nodes that are known? The error says what would fit.
  std::function<base::Result<void>(const View&, const model::Layout&, const std::string& pool)>
      admit;
};

}  // namespace scheduler
