#pragma once
// May we, and then what happened: inputs become facts. Nothing here changes anything.

#include <vector>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "scheduler/core/action.h"
#include "scheduler/core/input.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/view.h"

namespace scheduler {

/// What an input comes to. The actions are those that follow from the input and not from a fact:
/// answers, and words to agents about launches that the state does not know (any more).
struct Decision {
  std::vector<model::FactBody> facts;
  std::vector<Action> actions;
};

Decision decide(const View& view, const Policy& policy, const Settings& settings,
                const Input& input, base::Time now);

/// Would the user's request be accepted? errors: invalid, denied, not_found, exhausted
base::Result<void> admissible(const View& view, const Policy& policy, const Settings& settings,
                              const model::User& user, const model::JobSpec& spec);

/// May the user act on everybody's jobs?
bool is_in_charge(const Settings& settings, const model::User& user);

/// What follows from a fact that was just applied: the end of its job or a requeue; and for those
/// that depend on a job that has ended.
std::vector<model::FactBody> settle(const State& state, const Settings& settings,
                                    const model::Fact& fact);

// The parts of decide(), by whom they listen to.

Decision decide_hello(const View& view, const Settings& settings, const NodeHello& hello);
Decision decide_started(const State& state, const NodeSaysStarted& said);
Decision decide_ended(const State& state, const NodeSaysEnded& said);
Decision decide_node_checkpoint(const State& state, const NodeSaysCheckpoint& said, base::Time now);
Decision decide_gone(const State& state, const NodeGone& gone);
Decision decide_restarted(const State& state);
Decision decide_tick(const State& state, const Settings& settings, base::Time now);

}  // namespace scheduler
