#pragma once
// How the jobs stand that a waiting job depends on.

#include <optional>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/dependency.h"
#include "lib/model/fact.h"
#include "lib/model/reason.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// Of a term, or of a whole dependency.
struct Standing {
  enum class Is { open, met, never };
  Is is = Is::met;
  base::Time from;  // met from then on

  bool operator==(const Standing&) const = default;
};

/// A job that has started once has its parents behind it, only a singleton still waits for others;
/// an array of which a task has started waits for nothing but its pairs.
/// cost: O(terms x log jobs)
Standing standing_of(const State& state, const Job& job);

/// The terms of a dependency that stands open.
model::DependsOn open_terms(const State& state, const Job& job);

/// How many of the pending tasks of an array aftercorr lets start, and the first of them.
int n_startable(const State& state, const Job& array);
std::optional<int> first_startable(const State& state, const Job& array);

/// The aftercorr terms of an array none of whose tasks may start.
model::DependsOn open_pairs(const State& state, const Job& array);

/// The jobs that a dependency names, each once, in order.
std::vector<model::JobId> parents_of(const model::Dependency& dependency);

/// What a job that is done means to those that depend on it.
model::PastJob past_of(const Job& job);

/// Those of the named jobs that have ended, from the state or from `known`, which has what history
/// knows of jobs that the state has dropped.
/// errors: not_found for one that never was
base::Result<std::vector<model::PastJob>> past_parents(const State& state,
                                                       const model::Dependency& dependency,
                                                       const std::vector<model::PastJob>& known);

/// Are the tasks there that the terms name?
base::Result<void> check_tasks(const State& state, const Job& job);

/// Ends a waiting job, or what an array has not started.
model::FactBody end_waiting(const Job& job, model::Failure why);

/// Why the job can never start; nullopt while it may.
std::optional<model::Failure> hopelessness(const State& state, const Job& job);

/// What the end of a job means for those that depend on it.
std::vector<model::FactBody> settle_dependants(const State& state, const Job& ended);

/// The tasks of an array whose counterparts have failed are cancelled.
std::vector<model::FactBody> settle_pairs(const State& state, const Job& array);

/// For those that depend on an array of which some tasks have ended.
std::vector<model::FactBody> settle_partly(const State& state, const Job& array);

}  // namespace scheduler
