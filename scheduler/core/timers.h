#pragma once
// When something is due for active jobs: the end of their time, the signal before it, and what they
// are expected to give back. Kept by apply() alone.

#include <optional>

#include "lib/base/time.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// When the save signal of a running job is due; nullopt where it gets none.
std::optional<base::Time> warn_at(const Job& job);

/// When the running job may be started again on more nodes for the first time; nullopt where it is
/// not: it has the most, or its end comes too soon.
std::optional<base::Time> grows_from(const Job& job);

/// The job runs from now on, and the reverse.
void note_time_limit(State& state, const Job& job);
void forget_time_limit(State& state, const Job& job);

void index_end(State& state, const Job& job);
void unindex_end(State& state, const Job& job);

}  // namespace scheduler
