#pragma once
// What the attempt after one that has ended asks for.

#include <memory>

#include "lib/model/job.h"
#include "lib/model/outcome.h"
#include "scheduler/core/job.h"

namespace scheduler {

/// The request of the next attempt: with more memory after one that ran out of it, as far as the
/// restart policy says so; else as before.
std::shared_ptr<const model::JobSpec> spec_after(const Job& job, const model::Failure& why);

/// The waiting job asks for this from now on.
void ask_for(Job& job, std::shared_ptr<const model::JobSpec> spec);

/// Does the restart policy have the job ask for more memory after such an end?
bool asks_for_more(const model::JobSpec& spec, const model::Failure& why);

}  // namespace scheduler
