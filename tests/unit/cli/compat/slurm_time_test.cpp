#include "cli/compat/slurm_time.h"

#include <cstdlib>

#include "tests/support/catch.h"
#include "tests/support/slurm_jobs.h"

using namespace std::chrono_literals;

namespace {

/// 2027-01-15T08:00:00 in UTC.
constexpr base::Time now = support::noon;

std::string read(std::string_view text) {
  ::setenv("TZ", "UTC", 1);
  const auto time = compat::past_time(text, now);
  return time ? compat::local_stamp(*time) : "none";
}

}  // namespace

TEST_CASE("durations are written as squeue and as sacct have them") {
  CHECK(compat::short_clock(5s) == "0:05");
  CHECK(compat::short_clock(12min + 30s) == "12:30");
  CHECK(compat::short_clock(1h + 2min + 3s) == "1:02:03");
  CHECK(compat::short_clock(49h) == "2-01:00:00");
  CHECK(compat::short_clock(-1s) == "0:00");
  CHECK(compat::long_clock(5s) == "00:00:05");
  CHECK(compat::long_clock(49h + 1s) == "2-01:00:01");
  CHECK(compat::cpu_clock(5s + 123ms) == "00:05.123");
  CHECK(compat::cpu_clock(61min) == "01:01:00");
}

TEST_CASE("times of sacct are read in their forms") {
  CHECK(read("now") == "2027-01-15T08:00:00");
  CHECK(read("now-2days") == "2027-01-13T08:00:00");
  CHECK(read("now-90") == "2027-01-15T07:58:30");
  CHECK(read("now-1hour") == "2027-01-15T07:00:00");
  CHECK(read("midnight") == "2027-01-15T00:00:00");
  CHECK(read("noon") == "2027-01-15T12:00:00");
  CHECK(read("1970-01-01") == "1970-01-01T00:00:00");
  CHECK(read("2026-11-28T09:00") == "2026-11-28T09:00:00");
  CHECK(read("2026-11-28T09:00:05") == "2026-11-28T09:00:05");
  CHECK(read("07:30") == "2027-01-15T07:30:00");
  CHECK(read("0112") == "2027-01-12T00:00:00");
  CHECK(read("112826") == "2026-11-28T00:00:00");
  CHECK(read("11/28/26") == "2026-11-28T00:00:00");
  for (const auto* wrong : {"", "yesterday", "2026-02-30", "25:00", "now-2moons", "2026-11", "1"})
    CHECK(read(wrong) == "none");
}
