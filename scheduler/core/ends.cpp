#include "scheduler/core/ends.h"

#include <algorithm>

#include "lib/base/check.h"

namespace scheduler {

void add(Ends& ends, base::Time at, const Job& job) {
  std::vector<Return> returns;
  for (const auto& share : active_attempt(job)->allocation.nodes) {
    const Amounts amounts{
        .cores = share.cores.count(), .gpus = share.gpus.count(), .memory = share.memory};
    returns.push_back({job.id, share.node, amounts});
  }
  auto& moment = ends[at];
  const auto place = std::ranges::upper_bound(moment, job.id, {}, &Return::job);
  moment.insert(place, returns.begin(), returns.end());
}

void remove(Ends& ends, base::Time at, model::JobId job) {
  const auto moment = ends.find(at);
  base::check(moment != ends.end(), "a job with an expected end is indexed by it");
  const auto [first, last] = std::ranges::equal_range(moment->second, job, {}, &Return::job);
  moment->second.erase(first, last);
  if (moment->second.empty()) ends.erase(moment);
}

}  // namespace scheduler
