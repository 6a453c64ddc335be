#include "cli/request/when.h"

#include <cstdlib>

#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

/// Noon of the 20th of November 2026 in UTC, with the local time an hour later.
struct Clock {
  base::Time now = base::time_from_us(1'795'176'000'000'000);

  Clock() {
    (void)::setenv("TZ", "ZONE-1", 1);
    ::tzset();
  }

  std::string at(std::string_view text) const {
    const auto time = request::parse_when(text, now);
    return time ? to_text(*time) : time.error().text;
  }
};

}  // namespace

TEST_CASE("times are relative to now, or of the local clock") {
  const Clock clock;
  CHECK(clock.at("now") == "2026-11-20T12:00:00.000Z");
  CHECK(clock.at("now+90") == "2026-11-20T12:01:30.000Z");
  CHECK(clock.at("now+1hour") == "2026-11-20T13:00:00.000Z");
  CHECK(clock.at("NOW+2days") == "2026-11-22T12:00:00.000Z");
  CHECK(clock.at("now+5m") == "2026-11-20T12:05:00.000Z");
  CHECK(clock.at("tomorrow") == "2026-11-21T12:00:00.000Z");
  CHECK(clock.at("16:00") == "2026-11-20T15:00:00.000Z");
  CHECK(clock.at("09:30:15") == "2026-11-21T08:30:15.000Z");
  CHECK(clock.at("midnight") == "2026-11-20T23:00:00.000Z");
  CHECK(clock.at("noon") == "2026-11-21T11:00:00.000Z");
  CHECK(clock.at("2026-12-24") == "2026-12-23T23:00:00.000Z");
  CHECK(clock.at("2026-12-24T18:00") == "2026-12-24T17:00:00.000Z");
  CHECK(clock.at("2026-12-24T18:00:05Z") == "2026-12-24T18:00:05.000Z");
}

TEST_CASE("what is no time is refused with what would be one") {
  const Clock clock;
  for (const auto* text : {"", "now+", "now+x", "now+5fortnights", "now-1hour", "25:00", "12:60",
                           "12", "2026-02-30", "2026-13-01", "2026-12-24T", "26-12-24", "soon",
                           "now+99999999999999999999", "2026-12-24T18:00ZZ"}) {
    INFO(text);
    CHECK(clock.at(text).find("is not a moment; expected now+COUNT") != std::string::npos);
  }
}
