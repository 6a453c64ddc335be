#include "conf/change.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

std::string change_error(std::string_view assignment) {
  auto config = conf::defaults();
  const auto changed = conf::change(config, assignment);
  CHECK((changed.has_value() || config == conf::defaults()));
  return changed ? "" : changed.error().text;
}

}  // namespace

TEST_CASE("a change sets one key and no other") {
  auto config = conf::defaults();
  REQUIRE(conf::change(config, "scheduler.fair_share=0"));
  REQUIRE(conf::change(config, "scheduler.fair_share_half_life=1d"));
  auto expected = conf::defaults();
  expected.scheduler.fair_share = 0;
  expected.scheduler.fair_share_half_life = 24h;
  CHECK(config == expected);
}

TEST_CASE("a change that makes no sense says what was expected") {
  CHECK(change_error("scheduler.fair_share") ==
        "expected section.key=value such as scheduler.fair_share=0, found 'scheduler.fair_share'");
  CHECK(change_error("scheduler.fair_share=x") ==
        "'scheduler.fair_share': expected a whole number, from 0 to 100, found \"x\"");
  CHECK(change_error("scheduler.order=best") ==
        "'scheduler.order': expected predicted, fcfs, sjf, lxf, wfp3 or served, "
        "found \"best\"");
  CHECK(change_error("scheduler.fairshare=1") ==
        "'scheduler.fairshare': unknown key; did you mean 'scheduler.fair_share'?");
  CHECK(change_error("pool.nodes=1").starts_with("'pool.nodes': unknown key"));
}

TEST_CASE("rules about two keys hold without a file") {
  auto config = conf::defaults();
  CHECK(conf::clashes(config).empty());
  REQUIRE(conf::change(config, "scheduler.heartbeat=2m"));
  REQUIRE(conf::change(config, "scheduler.default_class=nrmal"));
  REQUIRE(conf::change(config, "limits.script=64M"));
  const auto found = conf::clashes(config);
  REQUIRE(found.size() == 3);
  CHECK(found[0].text.starts_with("'scheduler.node_timeout': expected more than"));
  CHECK(found[1].text.starts_with("'limits.request': expected more than"));
  CHECK(found[2].text ==
        "'scheduler.default_class': there is no class 'nrmal'; did you mean 'normal'?");
  REQUIRE(conf::change(config, "scheduler.node_timeout=5m"));
  CHECK(conf::clashes(config).size() == 2);
}

TEST_CASE("classes are those of the configuration, or the built-in ones") {
  auto config = conf::defaults();
  CHECK(conf::class_names(config) == std::vector<std::string_view>{"low", "normal", "urgent"});
  config.classes = {{.name = "day", .preempts = {}, .users = {}}};
  CHECK(conf::class_names(config) == std::vector<std::string_view>{"day"});
  CHECK(conf::clashes(config).size() == 1);
}
