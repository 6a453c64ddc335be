#pragma once
// Jobs and nodes as people see them, out of the state.

#include "lib/model/record.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// A job whose script has ended is ending while its steps still run.
model::JobState state_of(const Job& job);

/// Everything but the reason for waiting, which the engine knows from the last pass.
model::JobRecord job_record(const Job& job);
/// A task of an array that is no job: it has not started, or was cancelled before it did.
model::JobRecord task_record(const Job& array, model::JobId job, const model::ArrayTask& task);
model::NodeRecord node_record(const Node& node);
model::BookingRecord booking_record(const State& state, const StandingBooking& standing);

}  // namespace scheduler
