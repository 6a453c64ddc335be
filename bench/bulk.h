#pragma once
// Many submissions over the API, several at a time, as a workflow tool makes them.

#include <string>

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace bench {

/// Submits the job `n` times over the socket, `at_once` requests open at a time.
/// errors: of the first request that fails
base::Result<void> submit_all(const std::string& socket, const model::JobSpec& job, int n,
                              int at_once);

/// Waits until no job waits or runs. errors: of the API
base::Result<void> wait_until_idle(const std::string& socket);

}  // namespace bench
