// The lives of nodes that a provider makes and ends, and the sizes of their pools.

#include "scheduler/core/pools.h"

#include "tests/support/catch.h"
#include "tests/support/controller.h"
#include "tests/support/pool_site.h"

using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::NodeLife;

namespace {

std::vector<std::string> created(const std::vector<scheduler::Action>& actions) {
  std::vector<std::string> names;
  for (const auto& create : only<scheduler::CreateNode>(actions)) names.push_back(create.name);
  return names;
}

std::vector<std::string> destroyed(const std::vector<scheduler::Action>& actions) {
  std::vector<std::string> names;
  for (const auto& destroy : only<scheduler::DestroyNode>(actions)) names.push_back(destroy.name);
  return names;
}

}  // namespace

TEST_CASE("a pool has its fewest nodes at all times") {
  PoolSite site({.least = 2, .most = 4});
  CHECK(site.n_in(NodeLife::starting) == 2);
  site.bring_up();
  CHECK(site.life("n1") == NodeLife::up);
  CHECK(site.life("n2") == NodeLife::up);
  CHECK(site.life("n3") == NodeLife::absent);
  site.controller.pass(2h);
  CHECK(site.n_in(NodeLife::up) == 2);
}

TEST_CASE("an idle node goes at its time, not before, and no busy one does") {
  PoolSite site({.least = 0, .most = 4});
  const auto short_job = site.controller.submit(*job().tasks(4));
  const auto long_job = site.controller.submit(*job().tasks(4));
  site.bring_up();
  site.controller.run(*short_job);
  site.controller.pass(5min - 1ms);
  CHECK(site.n_in(NodeLife::up) == 2);
  site.controller.pass(1ms);
  CHECK(site.n_in(NodeLife::leaving) == 1);
  site.controller.pass(2h);
  CHECK(site.n_in(NodeLife::up) == 1);
  site.bring_up();
  CHECK(site.n_there() == 1);
  CHECK(site.controller.state_of(*long_job) == model::JobState::starting);
}

TEST_CASE("what no place can run is refused, with what could, while no node is there") {
  PoolSite site({.least = 0, .most = 4});
  const auto refused = site.controller.submit(*job().nodes(5));
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().text, Contains("--nodes=4"));
}

TEST_CASE("a waiting job says that nodes are being started, or why they are not") {
  PoolSite site({.least = 0, .most = 4});
  const auto job_id = site.controller.submit(*job().nodes(2));
  CHECK(site.controller.reason_of(*job_id) ==
        "waits for 2 nodes of pool default that are being started");
  site.fail_all("no more of these");
  CHECK_THAT(site.controller.reason_of(*job_id),
             Contains("pool default cannot get nodes: no room for it: no more of these; tries"));
}

TEST_CASE("failures pause a pool, each pause longer; then one node is tried at a time") {
  PoolSite site({.least = 0, .most = 4});
  REQUIRE(site.controller.submit(*job().nodes(3)).has_value());
  CHECK(site.n_in(NodeLife::starting) == 3);
  site.fail_all("full");
  CHECK(site.pool().n_failures == 1);
  CHECK(site.n_in(NodeLife::starting) == 0);
  site.controller.pass(999ms);
  CHECK(site.n_in(NodeLife::starting) == 0);
  site.controller.pass(1ms);
  CHECK(site.n_in(NodeLife::starting) == 1);
  site.fail_all("full");
  CHECK(site.pool().n_failures == 2);
  site.controller.pass(1999ms);
  CHECK(site.n_in(NodeLife::starting) == 0);
  site.controller.pass(1ms);
  CHECK(site.n_in(NodeLife::starting) == 1);
  site.bring_up();
  CHECK(site.pool().n_failures == 0);
  CHECK(site.n_in(NodeLife::up) == 3);
}

TEST_CASE("a pool stops after many failures, until it is resumed or for a long while") {
  PoolSite site({.least = 1, .most = 4});
  for (int i = 0; i < 8; ++i) {
    CHECK_FALSE(site.pool().is_stopped);
    site.fail_all("out of order");
    if (i < 7) site.controller.pass(5min);
  }
  CHECK(site.pool().is_stopped);
  CHECK_THAT(site.pool().trouble, Contains("out of order"));
  site.controller.pass(29min);
  CHECK(site.n_in(NodeLife::starting) == 0);
  REQUIRE(site.change({.resume = true}).has_value());
  CHECK(site.n_in(NodeLife::starting) == 1);
  site.bring_up();
  CHECK(site.n_in(NodeLife::up) == 1);
  CHECK_FALSE(site.pool().is_stopped);
}

TEST_CASE("a start of the controller has pools try again") {
  PoolSite site({.least = 1, .most = 4});
  for (int i = 0; i < 8; ++i) {
    site.fail_all("out of order");
    if (i < 7) site.controller.pass(5min);
  }
  REQUIRE(site.pool().is_stopped);
  (void)site.controller.give(scheduler::Restarted{});
  CHECK_FALSE(site.pool().is_stopped);
  CHECK(site.n_in(NodeLife::starting) == 1);
}

TEST_CASE("a node that does not come up in time has failed, and its machine is ended") {
  PoolSite site({.least = 1, .most = 1});
  (void)site.controller.give(scheduler::ProviderMade{"n1"});
  CHECK(site.life("n1") == NodeLife::preparing);
  site.controller.pass(10min);
  CHECK(site.life("n1") == NodeLife::unusable);
  CHECK_THAT(site.pool().trouble, Contains("within 10m"));
}

TEST_CASE("a pool by hand: idle nodes go first, and jobs are waited for") {
  PoolSite site({.least = 0, .most = 4});
  REQUIRE(site.change({.nodes = 3}).has_value());
  site.bring_up();
  CHECK(site.n_in(NodeLife::up) == 3);
  const auto old = site.controller.submit(*job().tasks(4));
  site.controller.pass(1min);
  const auto young = site.controller.submit(*job().tasks(4));
  site.controller.pass(1min);
  REQUIRE(site.change({.nodes = 2}).has_value());
  CHECK(site.n_in(NodeLife::leaving) == 1);
  CHECK(site.n_in(NodeLife::draining) == 0);
  site.bring_up();
  REQUIRE(site.change({.nodes = 1}).has_value());
  CHECK(site.n_in(NodeLife::draining) == 1);
  CHECK(site.controller.state_of(*young) == model::JobState::starting);
  site.controller.run(*young);
  CHECK(site.n_in(NodeLife::leaving) == 1);
  site.bring_up();
  CHECK(site.n_there() == 1);
  CHECK(site.controller.state_of(*old) == model::JobState::starting);
}

TEST_CASE("a node that drains is taken back when the pool is to have more") {
  PoolSite site({.least = 0, .most = 4});
  REQUIRE(site.change({.nodes = 1}).has_value());
  site.bring_up();
  const auto first = site.controller.submit(*job().tasks(1));
  REQUIRE(site.change({.nodes = 0}).has_value());
  CHECK(site.life("n1") == NodeLife::draining);
  const auto second = site.controller.submit(*job().tasks(1));
  CHECK(site.controller.state_of(*second) == model::JobState::waiting);
  REQUIRE(site.change({.nodes = 1}).has_value());
  CHECK(site.life("n1") == NodeLife::up);
  CHECK(site.controller.state_of(*second) == model::JobState::starting);
  CHECK(site.controller.state_of(*first) == model::JobState::starting);
}

TEST_CASE("a pool by hand requeues or terminates the jobs of nodes that go") {
  for (const auto when : {model::WhenBusy::requeue, model::WhenBusy::terminate}) {
    PoolSite site({.least = 0, .most = 4});
    const auto id = site.controller.submit(*job().tasks(1));
    site.bring_up();
    const model::LaunchKey key{*id, 1, {}};
    const auto n1 = site.controller.node_id("n1");
    (void)site.controller.give(scheduler::NodeSaysStarted{n1, key});
    const auto actions = site.controller.give(
        scheduler::ChangePool{site.controller.next_request(),
                              {.uid = 0, .gid = 0, .name = "root"},
                              {.pool = "default", .nodes = 0, .when_busy = when}});
    CHECK(only<scheduler::SendStop>(actions).size() == 1);
    const auto after =
        site.controller.give(scheduler::NodeSaysEnded{n1, failure(key, model::Cause::signal, 15)});
    CHECK(destroyed(after) == std::vector<std::string>{"n1"});
    CHECK(
        site.controller.state_of(*id) ==
        (when == model::WhenBusy::requeue ? model::JobState::waiting : model::JobState::cancelled));
  }
}

TEST_CASE("what is ordered must be possible, and is for the owner") {
  PoolSite site({.least = 1, .most = 4});
  CHECK_THAT(site.change({.nodes = 5}).error().text, Contains("at most 4 nodes"));
  CHECK_THAT(site.change({.least = 3, .most = 2}).error().text, Contains("at least 3 nodes"));
  const auto denied = site.controller.ask(scheduler::ChangePool{
      site.controller.next_request(), user(), {.pool = "default", .nodes = 1}});
  CHECK(denied.error().code == base::Code::denied);
  const auto unknown =
      site.controller.ask(scheduler::ChangePool{site.controller.next_request(),
                                                {.uid = 0, .gid = 0, .name = "root"},
                                                {.pool = "x", .nodes = 1}});
  CHECK(unknown.error().code == base::Code::not_found);
}

TEST_CASE("a pool whose machines join by themselves has no size to change") {
  scheduler::Settings settings;
  settings.pools = {"default", "machines"};
  PoolSite site({.least = 1, .most = 4}, settings);
  for (const auto& change : {model::PoolChange{.pool = "machines", .nodes = 0},
                             model::PoolChange{.pool = "machines", .resume = true}}) {
    const auto answer = site.controller.ask(scheduler::ChangePool{
        site.controller.next_request(), {.uid = 0, .gid = 0, .name = "root"}, change});
    REQUIRE_FALSE(answer.has_value());
    CHECK_THAT(answer.error().text, Contains("join by themselves"));
  }
}

TEST_CASE("after a start what is there is compared with what should be") {
  PoolSite site({.least = 0, .most = 4});
  REQUIRE(site.controller.submit(*job().nodes(2)).has_value());
  (void)site.controller.give(scheduler::ProviderMade{"n1"});
  (void)site.controller.give(scheduler::Restarted{});
  const auto actions = site.controller.give(scheduler::ProviderHas{{"n1", "n4", "other"}});
  CHECK(created(actions) == std::vector<std::string>{"n1", "n2"});
  CHECK(destroyed(actions) == std::vector<std::string>{"n4", "other"});
}

TEST_CASE("what a provider has is compared with the state again and again") {
  PoolSite site({.least = 0, .most = 4});
  const auto has = [&](std::vector<std::string> names, std::optional<base::Time> asked_at = {}) {
    return site.controller.give(scheduler::ProviderHas{
        .names = std::move(names), .pools = {"default"}, .asked_at = asked_at, .is_again = true});
  };
  REQUIRE(site.controller.submit(*job().nodes(2)).has_value());
  (void)site.controller.give(scheduler::ProviderMade{"n1"});
  const auto then = site.controller.now();

  SECTION("what is under way is not asked for again, and what nobody wants is ended") {
    const auto actions = has({"n1", "n2", "n3", "stranger"});
    CHECK(created(actions).empty());
    CHECK(destroyed(actions) == std::vector<std::string>{"n3", "stranger"});
    CHECK(site.life("n1") == NodeLife::preparing);
    CHECK(site.life("n2") == NodeLife::starting);
  }
  SECTION("a node that was made and is there no longer has failed") {
    CHECK(has({}, then + 1min).empty());  // lists may be a little behind
    CHECK(destroyed(has({}, then + 61s)) == std::vector<std::string>{"n1"});
    CHECK(site.life("n1") == NodeLife::unusable);
    CHECK(site.life("n2") == NodeLife::starting);
    CHECK(site.pool().trouble == "its provider has it no longer");
  }
  SECTION("what has changed since the list was asked for is left alone") {
    CHECK(has({}, then).empty());
    CHECK(site.life("n1") == NodeLife::preparing);
  }
  SECTION("other pools are none of its business") {
    const auto actions = site.controller.give(
        scheduler::ProviderHas{.names = {}, .pools = {"other"}, .asked_at = {}, .is_again = true});
    CHECK(actions.empty());
    CHECK(site.life("n1") == NodeLife::preparing);
  }
}

TEST_CASE("a node that is up and that its provider has not is let go when it is not heard") {
  PoolSite site({.least = 0, .most = 4});
  site.controller.join(node("n2", 4, 2));
  site.controller.pass(1s);
  const scheduler::ProviderHas has{
      .names = {}, .pools = {"default"}, .asked_at = site.controller.now(), .is_again = true};
  CHECK(site.controller.give(has).empty());
  CHECK(site.life("n2") == NodeLife::up);
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n2")});
  CHECK(destroyed(site.controller.give(has)) == std::vector<std::string>{"n2"});
  CHECK(site.life("n2") == NodeLife::leaving);
  (void)site.controller.give(scheduler::ProviderEnded{"n2", {}});
  CHECK(site.life("n2") == NodeLife::absent);
}

TEST_CASE("a machine that was lost is not made again for nobody") {
  PoolSite site({.least = 0, .most = 4});
  site.controller.join(node("n2", 4, 2));
  const auto actions = site.controller.give(
      scheduler::ProviderEnded{.name = "n2", .why = "the host failed", .is_lost = true});
  CHECK(created(actions).empty());
  CHECK(destroyed(actions) == std::vector<std::string>{"n2"});
}

TEST_CASE("a node that is another one than was planned is said") {
  PoolSite site({.least = 0, .most = 4});
  site.controller.join(node("n2", 2, 0));
  CHECK(
      site.pool().decisions.back().cause ==
      "its agent is here, with 2 cores in place of 4, 0 GPUs in place of 2, 8G of memory in place "
      "of 16G");
}

TEST_CASE("an agent that nobody waits for is taken, and goes when it is idle") {
  PoolSite site({.least = 0, .most = 4});
  site.controller.join(node("n2", 4, 2));
  CHECK(site.life("n2") == NodeLife::up);
  site.controller.pass(5min);
  CHECK(site.life("n2") == NodeLife::leaving);
  site.controller.pass(1min);  // nobody answered
  CHECK(site.life("n2") == NodeLife::leaving);
  site.bring_up();
  CHECK(site.life("n2") == NodeLife::absent);
}

TEST_CASE("a node that ends by itself is made again") {
  PoolSite site({.least = 1, .most = 1});
  site.bring_up();
  CHECK(created(site.controller.give(scheduler::ProviderEnded{"n1", "killed"})) ==
        std::vector<std::string>{"n1"});
  CHECK(site.life("n1") == NodeLife::up);
}

TEST_CASE("a place that the configuration has no longer is retired") {
  PoolSite site({.least = 0, .most = 4});
  scheduler::ProvidedPool smaller{.name = "default", .least = 0, .most = 2};
  for (int i = 1; i <= 2; ++i) smaller.nodes.push_back(node("n" + std::to_string(i), 4, 2));
  scheduler::Settings settings;
  settings.provided = {smaller};
  scheduler::Engine engine(settings, policy::make({}));
  model::Seq seq = 0;
  for (const auto& fact : site.controller.facts()) engine.replay(++seq, fact);
  (void)engine.handle(scheduler::Restarted{}, site.controller.now());
  const auto& state = engine.state();
  CHECK(state.nodes.at(state.node_by_name.at("n4")).provided->life == NodeLife::retired);
  CHECK(state.node_kinds.begin()->second == 2);
}

TEST_CASE("nodes that are being started go when a pool is to have none") {
  PoolSite site({.least = 3, .most = 3});
  REQUIRE(site.n_in(NodeLife::starting) == 3);
  REQUIRE(site.change({.nodes = 0}).has_value());
  CHECK(site.n_there() == 0);
}

TEST_CASE(
    "an order that waited for the disk counts only if its node is still to be made, or to go") {
  PoolSite site({.least = 0, .most = 1});
  const auto overtaken = [&site](const scheduler::Action& order) {
    return scheduler::is_overtaken(site.controller.engine().state(), order);
  };
  const scheduler::CreateNode create{.name = "n1", .pool = "default", .birth = {}};
  const scheduler::DestroyNode destroy{.name = "n1", .pool = "default"};
  const auto id = site.controller.submit(*job());
  REQUIRE(site.life("n1") == NodeLife::starting);
  CHECK_FALSE(overtaken(create));
  CHECK_FALSE(overtaken(destroy));
  site.bring_up();
  CHECK_FALSE(overtaken(create));
  CHECK(overtaken(destroy));  // what was to be ended is gone, and its next life has work
  site.controller.run(*id);
  site.controller.pass(5min);
  REQUIRE(site.life("n1") == NodeLife::leaving);
  CHECK(overtaken(create));
  CHECK_FALSE(overtaken(destroy));
  site.bring_up();
  REQUIRE(site.life("n1") == NodeLife::absent);
  CHECK(overtaken(create));
  CHECK_FALSE(overtaken(destroy));
}
