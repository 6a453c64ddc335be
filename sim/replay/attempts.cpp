#include "sim/replay/attempts.h"

#include <algorithm>

#include "lib/base/check.h"

namespace replay {

namespace {

constexpr int ended_by_term = 128 + 15;

}  // namespace

/// The engine numbers jobs from 1 in the order of submission.
model::LaunchKey Running::key() const {
  return {.job = model::JobId(static_cast<std::uint32_t>(job + 1)), .attempt = attempt, .step = {}};
}

model::LaunchReport Running::report(base::Time at, bool is_done) const {
  return {.key = key(),
          .started_at = started_at,
          .ended_at = at,
          .exit_code = is_done ? 0 : ended_by_term,
          .failure = {},
          .usage = {},
          .ranks = {}};
}

void Attempts::begin(std::size_t job, std::uint32_t attempt, model::NodeId node, base::Time now) {
  Running running{
      .job = job, .attempt = attempt, .started_at = now, .node = node, .to_do = base::Duration()};
  running.to_do = workload_.jobs[job].run - kept_[job] + cost_of(running);
  const Key key(now + running.to_do, ++n_begun_);
  key_of_.insert_or_assign(job, key);
  by_end_.emplace(key, running);
}

base::Time Attempts::next_end() const {
  return by_end_.empty() ? base::Time::max() : by_end_.begin()->first.first;
}

Running Attempts::finish_next() {
  const auto first = by_end_.begin();
  const auto running = first->second;
  by_end_.erase(first);
  key_of_.erase(running.job);
  reported_.erase(running.job);
  return running;
}

base::Duration Attempts::cost_of(const Running& running) const {
  return running.attempt > 1 ? saving_.restart_cost : base::Duration();
}

/// Of what the attempt has computed until now.
base::Duration Attempts::saved(const Running& running, base::Time now) const {
  const auto computed = std::max(now - running.started_at - cost_of(running), base::Duration());
  switch (saving_.checkpoints) {
    case Checkpoints::none:
      return {};
    case Checkpoints::always:
      return computed;
    case Checkpoints::periodic:
      return computed - computed % saving_.interval;
  }
  return {};
}

Attempts::Ended Attempts::cut_short(std::size_t job, base::Time now) {
  const auto key = key_of_.find(job);
  base::check(key != key_of_.end(), "a job that is cut short runs");
  const auto found = by_end_.find(key->second);
  const auto running = found->second;
  const auto kept = saved(running, now);
  kept_[job] += kept;
  by_end_.erase(found);
  key_of_.erase(key);
  reported_.erase(job);
  return {running, now - running.started_at - kept};
}

std::vector<std::pair<Running, base::Time>> Attempts::new_checkpoints(base::Time now) {
  std::vector<std::pair<Running, base::Time>> checkpoints;
  if (saving_.checkpoints != Checkpoints::periodic) return checkpoints;
  for (const auto& [key, running] : by_end_) {
    const auto until_now = saved(running, now);
    auto& reported = reported_[running.job];
    if (until_now <= reported) continue;
    reported = until_now;
    checkpoints.emplace_back(running, running.started_at + cost_of(running) + until_now);
  }
  return checkpoints;
}

}  // namespace replay
