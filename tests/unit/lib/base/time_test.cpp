#include "lib/base/time.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

TEST_CASE("a time limit is read as sbatch reads it") {
  struct Case {
    std::string_view text;
    base::Duration expected;
  };
  const auto [text, expected] = GENERATE(values<Case>({{"30", 30min},
                                                       {"10:00", 10min},
                                                       {"1:02:03", 1h + 2min + 3s},
                                                       {"120:00:00", 120h},
                                                       {"2-0", 48h},
                                                       {"1-2:30", 26h + 30min},
                                                       {"1-00:00:01", 24h + 1s},
                                                       {"90s", 90s},
                                                       {"1.5h", 90min},
                                                       {"2d", 48h}}));
  CAPTURE(text);
  const auto limit = base::parse_time_limit(text);
  REQUIRE(limit.has_value());
  REQUIRE(limit->has_value());
  CHECK(**limit == expected);
}

TEST_CASE("UNLIMITED is no time limit") {
  const auto limit = base::parse_time_limit("UNLIMITED");
  REQUIRE(limit.has_value());
  CHECK_FALSE(limit->has_value());
}

TEST_CASE("what is no time limit is refused with the text that was found") {
  const std::string text = GENERATE("", "x", "-1", "1:2:3:4", "=0+00:01:00", "1-", "10 0",
                                    "HH:MM:SS", "0", "99999999999999999999", "1.5.5h", "1:-2");
  CAPTURE(text);
  const auto limit = base::parse_time_limit(text);
  REQUIRE_FALSE(limit.has_value());
  CHECK(limit.error().text.find("'" + text + "'") != std::string::npos);
}

TEST_CASE("times are written in RFC 3339 UTC") {
  CHECK(base::to_text(base::time_from_us(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(base::to_text(base::time_from_us(1795176000123456)) == "2026-11-20T12:00:00.123Z");
}

TEST_CASE("durations are written in at most two units") {
  CHECK(base::to_text(base::Duration(0)) == "0s");
  CHECK(base::to_text(base::Duration(450ms)) == "450ms");
  CHECK(base::to_text(base::Duration(90s)) == "1m30s");
  CHECK(base::to_text(base::Duration(51h + 1s)) == "2d3h");
  CHECK(base::to_clock_text(51h + 1s) == "2-03:00:01");
  CHECK(base::to_clock_text(61s) == "00:01:01");
}
