#pragma once
// What a schedule is worth, by the measures that the literature compares.

#include <cstddef>
#include <cstdint>

#include "sim/replay/run.h"
#include "sim/replay/workload.h"

namespace replay {

/// Turnarounds are from submission to end, waits what of them is not run time: for a job that was
/// not preempted, until its start. Percentiles are nearest ranks.
struct Figures {
  std::size_t n_jobs = 0;
  double wait_mean_s = 0;
  double wait_median_s = 0;
  double wait_p95_s = 0;
  double wait_p99_s = 0;
  double wait_max_s = 0;
  double ave_bsld = 0;  // mean of max(1, turnaround / max(run, 10 s)) (Feitelson and Rudolph 1998)
  double turnaround_mean_s = 0;
  double utilization = 0;  // share of the machine in use, from first submission to last end
  std::uint64_t preemptions = 0;
  double lost_work_s = 0;  // core time
  std::uint64_t passes = 0;
  double pass_mean_us = 0;
  double pass_max_us = 0;
};

/// The workload has a job at least.
Figures figures_of(const Workload& workload, const Result& result);

}  // namespace replay
