#include "sim/replay/tuning.h"

#include "tests/support/catch.h"

namespace {

std::string tuning_error(const std::vector<std::string>& changes) {
  const auto tuning = replay::read_tuning("", changes);
  return tuning ? "" : tuning.error().text;
}

}  // namespace

TEST_CASE("without a file, changes are those of the defaults") {
  const std::vector<std::string> changes{"scheduler.order=sjf", "scheduler.reservations=4",
                                         "limits.jobs_kept=9"};
  const auto tuning = replay::read_tuning("", changes);
  REQUIRE(tuning.has_value());
  CHECK(tuning->order == "sjf");
  CHECK(tuning->policy.order == policy::Order::sjf);
  CHECK(tuning->policy.depth == 4);
  CHECK(tuning->policy.weights.fair_share == policy::Weights().fair_share);
  CHECK(tuning->settings.jobs_kept == 9);
  CHECK(tuning->settings.pools == std::vector<std::string>{"default"});
  CHECK(replay::read_tuning("", {})->order == "predicted");
}

TEST_CASE("a class that does not exist cannot be the default one") {
  CHECK(tuning_error({"scheduler.default_class=urgnt"}) ==
        "--set: 'scheduler.default_class': there is no class 'urgnt'; did you mean 'urgent'?");
  CHECK(tuning_error({"scheduler.default_class=urgent"}).empty());
}

TEST_CASE("a file that is missing is told") {
  const auto tuning = replay::read_tuning("/nowhere/muster.toml", {});
  REQUIRE_FALSE(tuning.has_value());
  CHECK(tuning.error().text == "cannot read '/nowhere/muster.toml': No such file or directory");
}
