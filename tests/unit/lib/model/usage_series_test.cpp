#include "lib/model/usage_series.h"

#include <chrono>

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using model::UsagePoint;
using model::UsageSeries;

TEST_CASE("a series that is full becomes half as fine, and loses nothing") {
  UsageSeries series{.since = {}, .interval = 1s, .points = {}};
  for (std::size_t i = 1; i <= UsageSeries::most_points; ++i) {
    model::add_point(series, {.cpu = 1s, .memory = base::Bytes(i), .read = base::Bytes(10)});
  }
  CHECK(series.interval == 2s);
  REQUIRE(series.points.size() == UsageSeries::most_points / 2);
  CHECK(series.points.front().cpu == 2s);
  CHECK(series.points.front().memory == base::Bytes(2));
  CHECK(series.points.back().memory == base::Bytes(UsageSeries::most_points));
  CHECK(series.points.back().read == base::Bytes(20));
}

TEST_CASE("however long a launch runs, its series stays small") {
  UsageSeries series{.since = {}, .interval = 1s, .points = {}};
  for (int i = 0; i < 500; ++i) model::add_point(series, {.cpu = 1s});
  CHECK(series.points.size() < UsageSeries::most_points);
}
