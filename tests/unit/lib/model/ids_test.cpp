#include "lib/model/ids.h"

#include "tests/support/catch.h"

using model::JobId;
using model::LaunchKey;
using model::StepId;

TEST_CASE("a launch key is written and read back") {
  const LaunchKey batch{JobId(17), 1, {}};
  const LaunchKey step{JobId(4'294'967'295), 12, StepId(0)};
  CHECK(to_text(batch) == "17.1.batch");
  CHECK(to_text(step) == "4294967295.12.0");
  const LaunchKey preparation{JobId(17), 1, {}, true};
  CHECK(to_text(preparation) == "17.1.prepare");
  CHECK(model::launch_key_from_text("17.1.prepare") == preparation);
  CHECK(model::is_script(batch));
  CHECK_FALSE(model::is_script(step));
  CHECK_FALSE(model::is_script(preparation));
  CHECK(model::launch_key_from_text("17.1.batch") == batch);
  CHECK(model::launch_key_from_text("4294967295.12.0") == step);
}

TEST_CASE("text that names no launch is refused") {
  for (const auto* text :
       {"", "17", "17.1", "17.1.", "0.1.batch", "17.0.batch", "17.1.-1", "17.1.batch.0",
        "17.1.Batch", "4294967296.1.0", "a.1.0", " 17.1.0", "17.1.0/..", "../17.1.0"}) {
    const auto key = model::launch_key_from_text(text);
    INFO(text);
    REQUIRE_FALSE(key.has_value());
    CHECK(key.error().code == base::Code::invalid);
  }
}

TEST_CASE("the batch launch of an attempt sorts before its steps, attempts in order") {
  const LaunchKey batch{JobId(1), 1, {}};
  const LaunchKey step{JobId(1), 1, StepId(0)};
  const LaunchKey second{JobId(1), 2, {}};
  CHECK(batch < step);
  CHECK(step < second);
}
