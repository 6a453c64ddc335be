#include "sim/replay/series.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using replay::means;

TEST_CASE("an amount over time has a mean in each part") {
  // 4 from 5 to 15, in two parts of 10.
  CHECK(means({{15s, -4}, {5s, 4}}, 0s, 20s, 2) == std::vector<double>{2, 2});
  CHECK(means({{0s, 1}, {10s, 1}, {20s, -2}}, 0s, 20s, 4) == std::vector<double>{1, 1, 2, 2});
  CHECK(means({}, 0s, 10s, 3) == std::vector<double>{0, 0, 0});
}

TEST_CASE("what lies before or behind the span counts only where it reaches in") {
  CHECK(means({{0s, 3}, {15s, -3}}, 10s, 20s, 2) == std::vector<double>{3, 0});
  CHECK(means({{15s, 4}, {100s, -4}}, 10s, 20s, 1) == std::vector<double>{2});
}

TEST_CASE("cores in use and queued jobs follow from the attempts") {
  const replay::Workload workload{{1, 4, 0}, {{.submit = 10s, .run = 5s, .cores = 3}}};
  const std::vector<replay::Span> one{{0, 20s, 25s}};
  CHECK(means(replay::cores_in_use(workload, one), 10s, 30s, 4) == std::vector<double>{0, 0, 3, 0});
  CHECK(means(replay::jobs_queued(workload, one), 10s, 30s, 4) == std::vector<double>{1, 1, 0, 0});
  const std::vector<replay::Span> preempted{{0, 15s, 20s}, {0, 25s, 30s}};
  CHECK(means(replay::cores_in_use(workload, preempted), 10s, 30s, 4) ==
        std::vector<double>{0, 3, 0, 3});
  CHECK(means(replay::jobs_queued(workload, preempted), 10s, 30s, 4) ==
        std::vector<double>{1, 0, 1, 0});
}

TEST_CASE("the distance of ticks is a round number") {
  CHECK(replay::round_step(1, 5) == 1);
  CHECK(replay::round_step(7, 5) == 2);
  CHECK(replay::round_step(25, 5) == 5);
  CHECK(replay::round_step(26, 5) == 10);
  CHECK(replay::round_step(480, 5) == 100);
}

TEST_CASE("an axis of time has a unit and few ticks") {
  CHECK(replay::time_scale(8s, 10).unit == "seconds");
  CHECK(replay::time_scale(8s, 10).step == 1);
  CHECK(replay::time_scale(90min, 10).unit == "minutes");
  CHECK(replay::time_scale(90min, 10).step == 10);
  CHECK(replay::time_scale(30h, 10).unit == "hours");
  CHECK(replay::time_scale(30h, 10).step == 4);
  CHECK(replay::time_scale(24h * 300, 10).unit == "days");
  CHECK(replay::time_scale(24h * 300, 10).step == 50);
}
