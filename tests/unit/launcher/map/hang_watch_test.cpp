#include "launcher/map/hang_watch.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using mapping::HangWatch;
using model::NodeIdle;

namespace {

const model::LaunchKey key{.job = model::JobId(12), .attempt = 2, .step = model::StepId(3)};
constexpr base::Time noon = base::time_from_us(1'732'708'800'000'000);

}  // namespace

TEST_CASE("a step hangs when all its nodes have been idle for the limit") {
  HangWatch watch({.after = 60s}, 2);
  CHECK_FALSE(watch.take_hang(key));
  watch.take(0, {61s, noon});
  CHECK_FALSE(watch.take_hang(key));  // the other has said nothing
  watch.take(1, {59s, noon});
  CHECK_FALSE(watch.take_hang(key));
  watch.take(1, {62s, noon - 1s});
  watch.take(0, {0s, noon});  // it writes again
  CHECK_FALSE(watch.take_hang(key));
  watch.take(0, {60s, noon});
  CHECK_FALSE(watch.take_hang(key));  // what the other said may be old
  watch.take(1, {63s, noon - 1s});
  CHECK_FALSE(watch.take_hang(key));
  watch.take(0, {60'500ms, noon});
  const auto hang = watch.take_hang(key);
  REQUIRE(hang);
  CHECK(describe(*hang) ==
        "step 3 hung: no output and no CPU time for 1m, since 2024-11-27T12:00:00.000Z; stacks: "
        "muster show --stacks 12 --step 3 --attempt 2");
  CHECK_FALSE(watch.take_hang(key));  // which is said once
}

TEST_CASE("nodes whose ranks have ended do not keep a step from hanging") {
  HangWatch watch({.after = 60s, .output_only = true}, 2);
  watch.take(0, {60s, noon});
  watch.take(0, {60s, noon});
  watch.node_ended(1);
  const auto hang = watch.take_hang(key);
  REQUIRE(hang);
  CHECK(hang->text.starts_with("no output for 1m, since"));

  HangWatch over({.after = 60s}, 1);
  over.take(0, {60s, noon});
  over.node_ended(0);
  CHECK_FALSE(over.take_hang(key));
}

TEST_CASE("without a limit nothing hangs") {
  HangWatch watch({}, 1);
  watch.take(0, {1h, noon});
  CHECK_FALSE(watch.take_hang(key));
}

TEST_CASE("nodes look often enough for the limit, and not more") {
  CHECK(mapping::look_interval({.after = 1s}) == 250ms);
  CHECK(mapping::look_interval({.after = 20s}) == 1s);
  CHECK(mapping::look_interval({.after = 24h}) == 2s);
}
