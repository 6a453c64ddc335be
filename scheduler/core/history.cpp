#include "scheduler/core/history.h"

#include <algorithm>

namespace scheduler {

namespace {

using base::Duration;

constexpr std::size_t remembered = 2;

/// What a job without a limit is taken to have asked for; it may be expected to run longer.
constexpr Duration nominal_limit = std::chrono::hours(24);

/// Calls `visit` from the widest circle to the narrowest, until it returns false.
template <class Visit>
void for_each_likeness(const JobKind& kind, Visit visit) {
  Likeness likeness{kind.time_limit.has_value(), {}, {}, {}};
  if (!visit(likeness)) return;
  likeness.uid = kind.uid;
  if (!visit(likeness)) return;
  likeness.time_limit = kind.time_limit;
  if (!visit(likeness) || kind.family.empty()) return;
  likeness.family = kind.family;
  visit(likeness);
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
  for_each_likeness(kind, [&](const Likeness& likeness) {
    auto& last = last_[likeness];
    last.push_back(ran);
    if (last.size() > remembered) last.pop_front();
    return true;
  });
}

void History::forget(const Job& job) {
  for_each_likeness(kind_of(job), [&](const Likeness& likeness) {
    const auto found = last_.find(likeness);
    if (found == last_.end()) return true;
    std::erase_if(found->second, [&job](const Ran& ran) { return ran.job == job.id; });
    if (found->second.empty()) last_.erase(found);
    return true;
  });
}

Duration History::predict(const JobKind& kind) const {
  double part = 0.5;
  for_each_likeness(kind, [&](const Likeness& likeness) {
    const auto found = last_.find(likeness);
    if (found == last_.end()) return false;  // nor is there anything narrower
    double sum = part;
    for (const auto& ran : found->second) sum += part_of(ran);
    part = sum / static_cast<double>(found->second.size() + 1);
    return true;
  });
  const auto limit = kind.time_limit.value_or(nominal_limit);
  const Duration predicted(static_cast<Duration::rep>(part * static_cast<double>(limit.count())));
  const auto least = std::max<Duration>(predicted, std::chrono::seconds(1));
  return kind.time_limit ? std::min(least, *kind.time_limit) : least;
}

}  // namespace scheduler
