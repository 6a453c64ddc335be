#pragma once
// Attempts that are ended before their time: why, how long they may save their work, and for whom
// that makes room. Kept by apply() alone.

#include <optional>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// Since when the script of the active attempt runs; nullopt: it does not yet.
std::optional<base::Time> running_since(const Job& job);

/// Until when one that makes room may save its work: a job that did not ask for a signal has no use
/// for time to do that.
base::Time end_of_grace(const Job& job, const Settings& settings, base::Time now);

/// The active attempt is over: its room is there. Nothing for one that is not being ended.
void leave_ending(State& state, const Job& job);

void on(State& state, const model::AttemptEnding& fact, base::Time at);
void on(State& state, const model::AttemptPreempted& fact, base::Time at);
void on(State& state, const model::AttemptEvicted& fact, base::Time at);
void on(State& state, const model::AttemptGrows& fact, base::Time at);
void on(State& state, const model::RoomPromised& fact, base::Time at);
void on(State& state, const model::GraceShortened& fact, base::Time at);
void on(State& state, const model::GraceEnded& fact, base::Time at);

}  // namespace scheduler
