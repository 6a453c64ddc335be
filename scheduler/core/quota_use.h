#pragma once
// How much of the quotas is used, for people.

#include <vector>

#include "lib/base/time.h"
#include "lib/model/job.h"
#include "lib/model/quota.h"
#include "scheduler/core/view.h"

namespace scheduler {

/// Those that may stand before jobs of the user, one line for each limit; `all`: those of everybody
/// who holds something or waits, too.
std::vector<model::QuotaUse> quota_uses(const View& view, const model::User& user, bool all,
                                        base::Time now);

}  // namespace scheduler
