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

TEST_CASE("what comes after the last interval is a point of its own length") {
  UsageSeries series{.since = {}, .interval = 4s, .points = {}};
  model::add_point(series, {.cpu = 2s});
  model::add_rest(series, {}, 0s);
  CHECK(series.points.size() == 1);
  SECTION("if it is long enough to say something") {
    model::add_rest(series, {.cpu = 1s}, 1s);
    REQUIRE(series.points.size() == 2);
    CHECK(length_of(series, 0) == 4s);
    CHECK(length_of(series, 1) == 1s);
  }
  SECTION("else it is part of the last") {
    model::add_rest(series, {.cpu = 1s, .memory = base::Bytes(7)}, 500ms);
    REQUIRE(series.points.size() == 1);
    CHECK(series.points[0].cpu == 3s);
    CHECK(series.points[0].memory == base::Bytes(7));
    CHECK(length_of(series, 0) == 4500ms);
  }
}

TEST_CASE("a launch that ends within the first interval has no series") {
  UsageSeries series{.since = {}, .interval = 1s, .points = {}};
  model::add_rest(series, {.cpu = 1ms}, 900ms);
  CHECK(series.points.empty());
}

TEST_CASE("a series with its rest is never longer than a full one") {
  UsageSeries series{.since = {}, .interval = 1s, .points = {}};
  for (std::size_t i = 1; i < UsageSeries::most_points; ++i) model::add_point(series, {});
  model::add_rest(series, {}, 900ms);
  CHECK(series.points.size() == UsageSeries::most_points);
}
