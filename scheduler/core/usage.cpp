#include "scheduler/core/usage.h"

#include <algorithm>
#include <cmath>

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
  by_owner_[owner].add(day, amount);
}

void Usage::Days::add(Day day, const Amount& amount) {
  auto& sum = by_day_[day];
  sum.core_time += amount.core_time;
  sum.gpu_time += amount.gpu_time;
  by_day_.erase(by_day_.begin(), by_day_.lower_bound(by_day_.rbegin()->first - remembered));
  known_.reset();
}

double Usage::Days::recent(Day today, base::Duration half_life, double cores_per_gpu) const {
  if (known_ && known_->today == today && known_->half_life == half_life &&
      known_->cores_per_gpu == cores_per_gpu)
    return known_->recent;
  const double days = std::chrono::duration<double, std::chrono::days::period>(half_life).count();
  double sum = 0;
  for (const auto& [day, amount] : by_day_)
    sum +=
        weigh(amount, cores_per_gpu) * std::exp2(static_cast<double>((day - today).count()) / days);
  known_ = {.today = today, .half_life = half_life, .cores_per_gpu = cores_per_gpu, .recent = sum};
  return sum;
}

double weigh(const Amount& amount, double cores_per_gpu) {
  return std::chrono::duration<double>(amount.core_time).count() +
         cores_per_gpu * std::chrono::duration<double>(amount.gpu_time).count();
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
