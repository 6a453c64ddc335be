#pragma once
// What history knows of the jobs that a request depends on.

#include <vector>

#include "lib/base/result.h"
#include "lib/model/dependency.h"
#include "lib/store/journal.h"

namespace musterd {

/// Those of the named jobs that have ended, by id. The others are unknown to history.
base::Result<std::vector<model::PastJob>> past_jobs(store::Reader& reader,
                                                    const std::vector<model::JobId>& jobs);

}  // namespace musterd
