#include "scheduler/core/history.h"

#include <algorithm>
#include <vector>

namespace scheduler {

namespace {

using base::Duration;

constexpr std::size_t remembered = 2;

/// What a job without a limit is taken to have asked for; it may be expected to run longer.
constexpr Duration nominal_limit = std::chrono::hours(24);

/// From the widest circle to the narrowest.
std::vector<Likeness> likenesses(const JobKind& kind) {
  const bool is_limited = kind.time_limit.has_value();
  std::vector<Likeness> all{{is_limited, {}, {}, {}},
                            {is_limited, kind.uid, {}, {}},
                            {is_limited, kind.uid, kind.time_limit, {}}};
  if (!kind.family.empty()) all.push_back({is_limited, kind.uid, kind.time_limit, kind.family});
  return all;
}

double part_of(const Ran& ran) {
  return static_cast<double>(ran.run.count()) / static_cast<double>(ran.limit.count());
}

}  // namespace

void History::learn(const Job& job) {
  const auto* done = std::get_if<Done>(&job.phase);
  if (done == nullptr || !done->last) return;
  const auto since = done->running_since.value_or(done->last->started_at);
  const auto kind = kind_of(job);
  const Ran ran{.job = job.id,
                .run = done->at - since,
                .limit = std::max(kind.time_limit.value_or(nominal_limit), Duration(1))};
  for (const auto& likeness : likenesses(kind)) {
    auto& last = last_[likeness];
    last.push_back(ran);
    if (last.size() > remembered) last.pop_front();
  }
}

void History::forget(const Job& job) {
  for (const auto& likeness : likenesses(kind_of(job))) {
    const auto found = last_.find(likeness);
    if (found == last_.end()) continue;
    std::erase_if(found->second, [&job](const Ran& ran) { return ran.job == job.id; });
    if (found->second.empty()) last_.erase(found);
  }
}

Duration History::predict(const JobKind& kind) const {
  double part = 0.5;
  for (const auto& likeness : likenesses(kind)) {
    const auto found = last_.find(likeness);
    if (found == last_.end()) break;  // nor is there anything narrower
    double sum = part;
    for (const auto& ran : found->second) sum += part_of(ran);
    part = sum / static_cast<double>(found->second.size() + 1);
  }
  const auto limit = kind.time_limit.value_or(nominal_limit);
  const Duration predicted(static_cast<Duration::rep>(part * static_cast<double>(limit.count())));
  const auto least = std::max<Duration>(predicted, std::chrono::seconds(1));
  return kind.time_limit ? std::min(least, *kind.time_limit) : least;
}

}  // namespace scheduler
