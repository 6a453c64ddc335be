#pragma once
// Where waiting jobs stand: in the queue, among those that start later, or in neither while
// something stands before them. Kept by apply() alone.

#include <optional>

#include "lib/base/time.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// The job, which is in the state and waits from now on, is put into the indexes of waiting jobs.
void enter_waiting(State& state, Job& job);

/// The reverse, before the job starts or ends or becomes another.
void leave_waiting(State& state, Job& job);

/// Between the two, where the job comes back with another name.
void leave_namesakes(State& state, const Job& job);

/// The begin time of a request, while it is still to come.
std::optional<base::Time> asked_begin(const model::JobSpec& spec, base::Time at);

/// What stands before the waiting job may have changed.
void reindex(State& state, Job& job);

/// What stands before those that depend on this job, or on its array, may have changed.
void reindex_dependants(State& state, const Job& parent);

/// The job has gone from waiting to active or back, or has ended.
void change_namesakes(State& state, const Job& job);

/// A job of the same user and name that a singleton waits for: an earlier one, or one that runs.
std::optional<model::JobId> namesake_before(const State& state, const Job& job);

/// From when on it is too late for a waiting job to start, because of its deadline.
std::optional<base::Time> too_late(const Job& job);

}  // namespace scheduler
