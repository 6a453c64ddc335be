#include "lib/model/hang_limit.h"

#include "lib/model/job.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using model::hang_limit_from_text;
using model::HangLimit;

TEST_CASE("a hang limit is a time, perhaps of output alone") {
  CHECK(hang_limit_from_text("10m") == HangLimit{10min, false});
  CHECK(hang_limit_from_text("90s,output") == HangLimit{90s, true});
  CHECK(hang_limit_from_text("0") == HangLimit{});
  CHECK(hang_limit_from_text("0s") == HangLimit{});
  for (const std::string text : {"90s", "1h", "7d", "0", "1s,output"}) {
    const auto limit = hang_limit_from_text(text);
    REQUIRE(limit);
    CHECK(hang_limit_from_text(to_text(*limit)) == *limit);
  }
  CHECK(to_text(HangLimit{3661s, true}) == "3661s,output");
  CHECK(to_text(HangLimit{}) == "0");
}

TEST_CASE("what is no hang limit is refused with what was expected") {
  for (const std::string text :
       {"", "10", "10m,", "10m,cpu", "0,output", "500ms", "1500ms", "8d", ",output", "x", "-5s"}) {
    const auto limit = hang_limit_from_text(text);
    INFO(text);
    REQUIRE_FALSE(limit);
    CHECK(limit.error().code == base::Code::invalid);
    CHECK(limit.error().text.find("' is no time after which a step hangs; expected whole") !=
          std::string::npos);
  }
}

TEST_CASE("a step has its own hang limit, or the job's, or none") {
  model::JobSpec job;
  model::StepSpec step;
  CHECK_FALSE(hang_limit_of(job, step).is_on());
  job.hang_timeout = HangLimit{10s, true};
  CHECK(hang_limit_of(job, step) == HangLimit{10s, true});
  step.terminal = model::WindowSize{};
  CHECK_FALSE(hang_limit_of(job, step).is_on());  // somebody may be thinking
  step.hang_timeout = HangLimit{20s, false};
  CHECK(hang_limit_of(job, step) == HangLimit{20s, false});
  step.hang_timeout = HangLimit{};
  CHECK_FALSE(hang_limit_of(job, step).is_on());
  step = {.map_only = true};
  CHECK_FALSE(hang_limit_of(job, step).is_on());
}
