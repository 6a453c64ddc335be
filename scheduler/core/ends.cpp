#include "scheduler/core/ends.h"

#include <algorithm>
#include <limits>

#include "lib/base/check.h"

namespace scheduler {

namespace {

EndsAt key_of(base::Time at, model::JobId job) {
  constexpr std::uint32_t jobs_of_a_part = 512;
  return {at, job.number() / jobs_of_a_part};
}

}  // namespace

Ends::const_iterator ends_after(const Ends& ends, base::Time at) {
  return ends.upper_bound({at, std::numeric_limits<std::uint32_t>::max()});
}

void add(Ends& ends, base::Time at, const Job& job) {
  std::vector<Return> returns;
  for (const auto& share : active_attempt(job)->allocation.nodes) {
    const Amounts amounts{
        .cores = share.cores.count(), .gpus = share.gpus.count(), .memory = share.memory};
    returns.push_back({job.id, share.node, amounts});
  }
  auto& part = ends[key_of(at, job.id)];
  const auto place = std::ranges::upper_bound(part, job.id, {}, &Return::job);
  part.insert(place, returns.begin(), returns.end());
}

void remove(Ends& ends, base::Time at, model::JobId job) {
  const auto part = ends.find(key_of(at, job));
  base::check(part != ends.end(), "a job with an expected end is indexed by it");
  const auto [first, last] = std::ranges::equal_range(part->second, job, {}, &Return::job);
  part->second.erase(first, last);
  if (part->second.empty()) ends.erase(part);
}

}  // namespace scheduler
