#pragma once
// What the world must do because of a fact. Actions name the attempt and may be repeated.

#include <vector>

#include "lib/model/fact.h"
#include "scheduler/core/action.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// `after` is the state with the fact applied.
std::vector<Action> react(const State& after, const Settings& settings, const model::Fact& fact);

/// The order for one part of a job's active attempt, by its key and the node's place in the
/// allocation.
model::LaunchOrder order_for(const Job& job, const model::LaunchKey& key, int node_index,
                             const State& state, const Settings& settings);

/// The action that makes a live part go on as the state wants it: start it, or end it.
Action resume_part(const Job& job, const model::LaunchKey& key, const Part& part,
                   const State& state, const Settings& settings);

/// Is this part to end: the attempt is being ended, or its script has ended? A preparation lives as
/// long as anything else of the attempt.
bool is_to_end(const Job& job, const model::LaunchKey& key);

/// A live part and the key that names it.
struct LivePart {
  model::LaunchKey key;
  const Part* part;
};

/// Of the job's active attempt; the batch script first, if it is due, then the steps in order, then
/// the preparations.
std::vector<LivePart> live_parts(const Job& job);

}  // namespace scheduler
