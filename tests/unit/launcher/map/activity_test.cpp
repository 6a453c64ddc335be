#include "launcher/map/activity.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using mapping::Activity;

TEST_CASE("ranks are idle since the last output of any of them") {
  Activity activity(2, false);
  CHECK(activity.idle(5s) == 5s);
  activity.wrote(1, 7s);
  CHECK(activity.idle(10s) == 3s);
  CHECK(activity.last_output(1) == std::optional<base::Duration>(7s));
  CHECK_FALSE(activity.last_output(0));
  activity.stirred(9s);
  CHECK(activity.idle(10s) == 1s);
}

TEST_CASE("CPU time is activity when it is more than one percent of a core") {
  Activity activity(1, false);
  base::Duration cpu = 0s;
  for (auto at = 1s; at <= 100s; at += 1s) activity.used(0, cpu += 5ms, at);  // of noise
  CHECK(activity.idle(100s) == 100s);
  activity.used(0, cpu += 200ms, 101s);  // a burst, small beside all the time before
  CHECK(activity.idle(101s) == 0s);
  auto latest = 101s;
  for (auto at = 102s; at <= 120s; at += 1s) {
    activity.used(0, cpu += 20ms, at);  // too little in each look, but going on
    if (activity.idle(at) == 0s) latest = at;
  }
  CHECK(latest >= 110s);
  CHECK(activity.cpu(0) == cpu);
}

TEST_CASE("a process that is gone with its time is no activity") {
  Activity activity(1, false);
  activity.used(0, 10s, 1s);
  activity.used(0, 1s, 2s);
  CHECK(activity.idle(2s) == 1s);
  activity.used(0, 2s, 3s);
  CHECK(activity.idle(3s) == 0s);
}

TEST_CASE("CPU time does not count where only output does") {
  Activity activity(1, true);
  activity.used(0, 10s, 10s);
  CHECK(activity.idle(10s) == 10s);
  CHECK(activity.cpu(0) == 10s);
  activity.wrote(0, 10s);
  CHECK(activity.idle(10s) == 0s);
}
