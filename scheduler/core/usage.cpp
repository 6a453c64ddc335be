#include "scheduler/core/usage.h"

#include <algorithm>

namespace scheduler {

namespace {

std::int64_t seconds_of(base::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

base::Duration held(std::int64_t n, std::int64_t starts, base::Time now) {
  return std::chrono::seconds(std::max<std::int64_t>(n * seconds_of(now) - starts, 0));
}

Usage::Day day_of(base::Time time) {
  return Usage::Day(std::chrono::floor<std::chrono::days>(time.time_since_epoch()));
}

base::Time start_of(Usage::Day day) {
  return base::Time(std::chrono::duration_cast<base::Duration>(day.time_since_epoch()));
}

}  // namespace

void Usage::add(const Owner& owner, base::Time from, base::Time to, int cores, int gpus) {
  while (from < to) {
    const auto day = day_of(from);
    const auto end = std::min(to, start_of(day + std::chrono::days(1)));
    add(owner, day, {.core_time = (end - from) * cores, .gpu_time = (end - from) * gpus});
    from = end;
  }
}

void Usage::add(const Owner& owner, Day day, const Amount& amount) {
  auto& days = by_owner_[owner];
  auto& sum = days[day];
  sum.core_time += amount.core_time;
  sum.gpu_time += amount.gpu_time;
  days.erase(days.begin(), days.lower_bound(days.rbegin()->first - remembered));
}

void Holding::add(const model::Allocation& allocation, base::Time start) {
  const auto n_cores = model::n_cores(allocation);
  const auto n_gpus = model::n_gpus(allocation);
  ++n_jobs;
  cores += n_cores;
  gpus += n_gpus;
  core_starts += n_cores * seconds_of(start);
  gpu_starts += n_gpus * seconds_of(start);
}

void Holding::remove(const model::Allocation& allocation, base::Time start) {
  const auto n_cores = model::n_cores(allocation);
  const auto n_gpus = model::n_gpus(allocation);
  --n_jobs;
  cores -= n_cores;
  gpus -= n_gpus;
  core_starts -= n_cores * seconds_of(start);
  gpu_starts -= n_gpus * seconds_of(start);
}

Amount Holding::until(base::Time now) const {
  return {.core_time = held(cores, core_starts, now), .gpu_time = held(gpus, gpu_starts, now)};
}

}  // namespace scheduler
