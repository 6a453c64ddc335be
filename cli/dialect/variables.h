#pragma once
// Variables that other schedulers set in a job, as far as they repeat its request. Those that go by
// its nodes are set when it has them (launcher/map/environment.h).

#include "cli/request/submission.h"

namespace dialect {

/// Of the job's dialect, with those that its options came with.
///
/// of_options   Translation::variables
model::Environment variables_of(const request::Submission& submission,
                                model::Environment of_options,
                                const request::Surroundings& surroundings);

}  // namespace dialect
