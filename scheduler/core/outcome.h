#pragma once
// What an attempt came to, when nothing of it lives any more.

#include "lib/model/outcome.h"
#include "scheduler/core/job.h"

namespace scheduler {

/// Of one that was not ended from outside.
model::Outcome outcome_of(const Attempt& attempt);

/// Of one that was, for this reason.
model::Outcome outcome_of(const Attempt& attempt, const model::Failure& why);

}  // namespace scheduler
