// What the API says of nodes that are not fit for work, and has done about them.

#include "tests/support/catch.h"
#include "tests/unit/scheduler/daemon/site.h"

using namespace daemon_test;

namespace {

void want_setup(Site& site) {
  site.config.pools.front().setup = "prepare";
}

model::NodeCondition unusable(const FakeAgent& agent) {
  return {.fitness = model::Fitness::unusable,
          .reason = "its setup exited with code 3",
          .output = "mount: no such device",
          .since = base::time_from_us(1'000'000),
          .basis = model::basis_of(agent.welcome->care)};
}

const std::string check_n1 = R"({"nodes": "n1", "setup": true})";

}  // namespace

TEST_CASE("an agent hears what its pool wants, and everybody what it finds") {
  Site site(want_setup);
  auto& agent = site.agent();
  CHECK(agent.welcome->care.setup == "prepare");
  CHECK(agent.welcome->care.pool == "default");
  CHECK(agent.welcome->now > base::Time());
  agent.say(model::ReportCondition{unusable(agent)});
  std::vector<model::NodeRecord> nodes;
  site.run_until([&] {
    const auto& state = site.controller->driver().engine().state();
    return state.nodes.begin()->second.condition->fitness == model::Fitness::unusable;
  });
  const auto list = wire::nodes_from_json(site.answer("GET", "/v1/nodes").body);
  REQUIRE(list.has_value());
  CHECK(list->front().state == model::NodeState::unusable);
  REQUIRE(list->front().condition.has_value());
  CHECK(list->front().condition->output == "mount: no such device");
}

TEST_CASE("a node is checked on demand, and its log is read") {
  Site site(want_setup);
  auto& agent = site.agent();
  auto& asked = site.ask("POST", "/v1/nodes/check", check_n1);
  site.run_until([&] { return !agent.checks.empty(); });
  CHECK(agent.checks.front().setup);
  agent.say(model::NodeChecked{agent.checks.front().request, unusable(agent)});
  site.run_until([&] { return asked.is_answered(); });
  REQUIRE(asked.answer->has_value());
  const auto condition = wire::condition_from_json((*asked.answer)->body);
  REQUIRE(condition.has_value());
  CHECK(condition->reason == "its setup exited with code 3");

  auto& log = site.ask("GET", "/v1/nodes/log?node=n1");
  site.run_until([&] { return !agent.node_logs.empty(); });
  agent.say(model::LogChunk{agent.node_logs.front(), "--- setup\n", 10, true, ""});
  site.run_until([&] { return log.is_answered(); });
  CHECK((*log.answer)->body == "--- setup\n");
}

TEST_CASE("a node that is not fit is looked at anew when it is resumed") {
  Site site(want_setup);
  auto& agent = site.agent();
  model::NodeCondition condition{.since = base::time_from_us(1'000'000),
                                 .basis = model::basis_of(agent.welcome->care)};
  condition.fitness = model::Fitness::unusable;
  condition.reason = "the kernel's log says: x";
  agent.say(model::ReportCondition{condition});
  site.run_until([&] {
    const auto& state = site.controller->driver().engine().state();
    return state.nodes.begin()->second.condition->fitness == model::Fitness::unusable;
  });
  (void)site.answer("POST", "/v1/nodes/resume", R"({"nodes": "n1"})");
  site.run_until([&] { return !agent.checks.empty(); });
  CHECK(agent.checks.front().forget);
  CHECK(!agent.checks.front().setup);
}

TEST_CASE("who asks about a node whose agent is not there, or goes, hears of it") {
  Site site(want_setup);
  CHECK(site.refusal("POST", "/v1/nodes/check", check_n1).code == base::Code::not_found);
  CHECK(site.refusal("GET", "/v1/nodes/log?node=n1").code == base::Code::not_found);
  const auto& agent = site.agent();
  auto& asked = site.ask("POST", "/v1/nodes/check", check_n1);
  site.run_until([&] { return !agent.checks.empty(); });
  site.agents.pop_back();
  site.run_until([&] { return asked.is_answered(); });
  CHECK((*asked.answer)->status == 503);
  CHECK(site.refusal("POST", "/v1/nodes/check", check_n1).code == base::Code::unavailable);
}
