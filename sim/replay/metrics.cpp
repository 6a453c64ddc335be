#include "sim/replay/metrics.h"

#include <algorithm>
#include <vector>

#include "lib/base/check.h"

namespace replay {

namespace {

constexpr double short_run_s = 10;  // shorter jobs do not make the slowdown larger

double to_s(base::Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// The smallest of `sorted` that is not below `percent` of them.
double nearest_rank(const std::vector<double>& sorted, std::size_t percent) {
  const auto rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

double mean(double sum, std::uint64_t n) {
  return n == 0 ? 0 : sum / static_cast<double>(n);
}

}  // namespace

Figures figures_of(const Workload& workload, const Result& result) {
  const auto& [machine, jobs] = workload;
  base::check(!jobs.empty() && result.ends.size() == jobs.size(), "every job has ended");
  std::vector<double> waits;
  double sum_wait = 0;
  double sum_turnaround = 0;
  double sum_slowdown = 0;
  double work = 0;
  base::Duration last_end{};
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const double run = to_s(jobs[i].run);
    const double wait = to_s(result.ends[i] - jobs[i].run - jobs[i].submit);
    waits.push_back(wait);
    sum_wait += wait;
    sum_turnaround += wait + run;
    sum_slowdown += std::max(1.0, (wait + run) / std::max(run, short_run_s));
    work += run * jobs[i].cores;
    last_end = std::max(last_end, result.ends[i]);
  }
  std::ranges::sort(waits);
  const double span = to_s(last_end - jobs.front().submit);
  const auto n_cores = static_cast<double>(machine.nodes) * machine.cores_per_node;
  const auto n = static_cast<std::uint64_t>(jobs.size());
  return {.n_jobs = jobs.size(),
          .wait_mean_s = mean(sum_wait, n),
          .wait_median_s = nearest_rank(waits, 50),
          .wait_p95_s = nearest_rank(waits, 95),
          .wait_p99_s = nearest_rank(waits, 99),
          .wait_max_s = waits.back(),
          .ave_bsld = mean(sum_slowdown, n),
          .turnaround_mean_s = mean(sum_turnaround, n),
          .utilization = span > 0 ? work / (n_cores * span) : 0,
          .preemptions = result.preemptions,
          .lost_work_s = to_s(result.lost_work),
          .passes = result.passes,
          .pass_mean_us = mean(static_cast<double>(result.passes_took.count()), result.passes),
          .pass_max_us = static_cast<double>(result.longest_pass.count())};
}

}  // namespace replay
