#include "sim/replay/metrics.h"

#include "tests/support/catch.h"

using std::chrono::seconds;

namespace {

replay::Job plain_job(int submit_s, int run_s, int cores) {
  return {.submit = seconds(submit_s),
          .run = seconds(run_s),
          .requested = seconds(run_s),
          .cores = cores};
}

}  // namespace

TEST_CASE("figures of a schedule, by hand") {
  // Ten cores. The first runs from 100 to 200, the others after it: 200 to 204 and 200 to 250.
  const replay::Workload workload{
      {1, 10, 0}, {plain_job(100, 100, 10), plain_job(104, 4, 1), plain_job(120, 50, 2)}};
  const replay::Result result{.ends = {seconds(200), seconds(204), seconds(250)},
                              .preemptions = 2,
                              .lost_work = seconds(7),
                              .passes = 4,
                              .passes_took = base::Duration(10),
                              .longest_pass = base::Duration(6)};
  const auto figures = figures_of(workload, result);
  CHECK(figures.n_jobs == 3);
  // Waits are 0, 96 and 80.
  CHECK(figures.wait_mean_s == Approx(176.0 / 3));
  CHECK(figures.wait_median_s == 80);
  CHECK(figures.wait_p95_s == 96);
  CHECK(figures.wait_p99_s == 96);
  CHECK(figures.wait_max_s == 96);
  // 100 / 100, (96 + 4) / 10 as runs below 10 s count as 10 s, (80 + 50) / 50.
  CHECK(figures.ave_bsld == Approx((1.0 + 10.0 + 2.6) / 3));
  CHECK(figures.turnaround_mean_s == Approx((100.0 + 100.0 + 130.0) / 3));
  // 1000 + 4 + 100 core seconds in 10 cores x 150 s.
  CHECK(figures.utilization == Approx(1104.0 / 1500));
  CHECK(figures.preemptions == 2);
  CHECK(figures.lost_work_s == 7);
  CHECK(figures.passes == 4);
  CHECK(figures.pass_mean_us == 2.5);
  CHECK(figures.pass_max_us == 6);
}

TEST_CASE("a short job that waits little has a slowdown of 1") {
  const replay::Workload workload{{1, 1, 0}, {plain_job(0, 2, 1)}};
  const auto figures = figures_of(workload, {.ends = {seconds(5)}});
  CHECK(figures.ave_bsld == 1);
  CHECK(figures.utilization == Approx(2.0 / 5));
  CHECK(figures.pass_mean_us == 0);
}

TEST_CASE("percentiles are nearest ranks") {
  replay::Workload workload{{1, 1, 0}, {}};
  replay::Result result;
  for (int wait = 200; wait >= 1; --wait) {
    workload.jobs.push_back(plain_job(0, 1, 1));
    result.ends.push_back(seconds(wait + 1));
  }
  const auto figures = figures_of(workload, result);
  CHECK(figures.wait_median_s == 100);
  CHECK(figures.wait_p95_s == 190);
  CHECK(figures.wait_p99_s == 198);
  CHECK(figures.wait_max_s == 200);
}

TEST_CASE("the nodes of a machine count together") {
  const replay::Workload workload{{2, 4, 4}, {plain_job(0, 10, 4)}};
  CHECK(figures_of(workload, {.ends = {seconds(10)}}).utilization == Approx(0.5));
}
