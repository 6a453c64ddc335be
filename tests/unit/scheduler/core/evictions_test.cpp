// Nodes that are going to be taken, and nodes that are drained by command.

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/controller.h"
#include "tests/support/pool_site.h"
#include "tests/support/rack.h"

using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::Cause;
using model::JobState;
using model::NodeLife;

namespace {

const model::User chief{.uid = 0, .gid = 0, .name = "root"};

base::Result<scheduler::Answer> order_eviction(Controller& controller, const std::string& node,
                                               base::Duration notice) {
  return controller.ask(scheduler::EvictNode{controller.next_request(), chief, node, notice});
}

std::vector<std::string> kinds(const Controller& controller) {
  std::vector<std::string> found;
  for (const auto& fact : controller.facts()) found.emplace_back(model::kind_of(fact.body));
  return found;
}

int n_of(const Controller& controller, std::string_view kind) {
  return static_cast<int>(std::ranges::count(kinds(controller), kind));
}

void tell_started(Rack& rack, model::JobId id) {
  (void)rack.controller.give(scheduler::NodeSaysStarted{rack.first_node(id), rack.key(id)});
}

}  // namespace

TEST_CASE("an eviction ends the node's jobs on all their nodes, and they start again elsewhere") {
  Rack rack(4);
  const auto gang = rack.submit(job().nodes(2).saves(0s));
  tell_started(rack, gang);
  REQUIRE(rack.nodes_of(gang) == "n1 n2");
  rack.controller.pass(10s);
  const auto actions = rack.controller.give(scheduler::NodeEvicted{"n2", 30s, "the price rose"});
  CHECK(only<scheduler::SendSave>(actions).size() == 1);
  CHECK(only<scheduler::SendStop>(actions).empty());
  CHECK(rack.state(gang) == JobState::ending);
  (void)rack.controller.give(
      scheduler::NodeSaysCheckpoint{rack.first_node(gang), rack.key(gang), rack.controller.now()});
  rack.controller.pass(5s);
  (void)rack.end(gang, Cause::signal, 0);
  CHECK(rack.nodes_of(gang) == "n1 n3");
  const auto& before = rack.job_of(gang).earlier.front();
  CHECK(before.why.cause == Cause::evicted);
  CHECK(model::describe(before.why) == "n2 was evicted: the price rose");
  CHECK(model::lost_time(before) == 5s);
  CHECK(rack.job_of(gang).attempts == 2);
}

TEST_CASE("the time to save ends so that the job is gone when the node goes") {
  Rack rack(1);
  const auto id = rack.submit(job().saves(0s));
  tell_started(rack, id);
  (void)rack.controller.give(scheduler::NodeEvicted{"n1", 25s, "x"});
  rack.controller.pass(15s - 1ms);
  CHECK(n_of(rack.controller, "grace_ended") == 0);
  rack.controller.pass(1ms);
  CHECK(n_of(rack.controller, "grace_ended") == 1);
}

TEST_CASE("a job that is being ended already has no more time to save than its node's notice") {
  Rack rack(1);
  const auto id = rack.submit(job().saves(0s));
  tell_started(rack, id);
  const auto stop_at = [&] { return *std::get<scheduler::Ending>(rack.job_of(id).phase).stop_at; };
  REQUIRE(order_eviction(rack.controller, "n1", 10min).has_value());
  CHECK(stop_at() > rack.controller.now() + 12s);
  // That was a pretence, and now the world takes the node.
  (void)rack.controller.give(scheduler::NodeEvicted{"n1", 12s, "the price rose"});
  CHECK(stop_at() == rack.controller.now() + 6s);
  rack.controller.pass(6s);
  CHECK(n_of(rack.controller, "grace_shortened") == 1);
  CHECK(n_of(rack.controller, "grace_ended") == 1);
}

TEST_CASE("a job that waits for drained nodes says who drained them, why and until when") {
  Rack rack(2);
  REQUIRE(rack.controller
              .ask(scheduler::DrainNodes{
                  rack.controller.next_request(), chief, {"n2"}, "a fan is loud", 1h})
              .has_value());
  const auto id = rack.submit(job().nodes(2));
  CHECK_THAT(
      rack.controller.reason_of(id),
      Contains("needs 2 nodes and 1 takes work; n2 is drained by root (a fan is loud) until"));
}

TEST_CASE("evictions use up no restarts, and a second notice is no second eviction") {
  Rack rack(1);
  const auto id = rack.submit(job());
  for (int i = 0; i < 9; ++i) {
    tell_started(rack, id);
    REQUIRE(order_eviction(rack.controller, "n1", 10s).has_value());
    REQUIRE(order_eviction(rack.controller, "n1", 10s).has_value());
    (void)rack.end(id);
    CHECK(rack.state(id) == JobState::waiting);
    rack.controller.pass(10s);
  }
  CHECK(rack.state(id) == JobState::starting);
  CHECK(rack.job_of(id).earlier.size() == 9);
  CHECK(n_of(rack.controller, "node_evicted") == 9);
  CHECK(n_of(rack.controller, "node_eviction_over") == 9);
}

TEST_CASE("a machine that the world takes and brings back takes work when it is here again") {
  Rack rack(1);
  const auto id = rack.submit(job());
  tell_started(rack, id);
  (void)rack.controller.give(scheduler::NodeEvicted{"n1", 30s, "shutdown"});
  (void)rack.controller.give(scheduler::NodeGone{rack.controller.node_id("n1")});
  rack.controller.pass(1min);
  CHECK(rack.state(id) == JobState::waiting);
  CHECK(rack.job_of(id).earlier.front().why.cause == Cause::evicted);
  rack.join("n1");
  CHECK(rack.state(id) == JobState::starting);
}

TEST_CASE("a job that may not be requeued ends, evicted") {
  Rack rack(1);
  const auto id = rack.submit(job().no_requeue());
  tell_started(rack, id);
  REQUIRE(order_eviction(rack.controller, "n1", 0s).has_value());
  (void)rack.end(id);
  CHECK(rack.state(id) == JobState::preempted);
}

TEST_CASE("a job that is cancelled while its node is evicted does not start again") {
  Rack rack(2);
  const auto id = rack.submit(job());
  tell_started(rack, id);
  REQUIRE(order_eviction(rack.controller, "n1", 30s).has_value());
  REQUIRE(rack.controller.ask(scheduler::CancelJob{rack.controller.next_request(), user(), id}));
  (void)rack.end(id);
  CHECK(rack.state(id) == JobState::cancelled);
}

TEST_CASE("the provider takes an evicted node when its notice is over, and makes another") {
  PoolSite site({.least = 2, .most = 2});
  site.bring_up();
  REQUIRE(order_eviction(site.controller, "n1", 30s).has_value());
  site.controller.pass(30s - 1ms);
  CHECK(site.life("n1") == NodeLife::up);
  const auto next = site.controller.submit(*job());
  CHECK(site.controller.engine().state().nodes.at(site.controller.node_id("n2")).jobs.size() == 1);
  site.controller.pass(1ms);
  CHECK(site.life("n1") == NodeLife::leaving);
  site.bring_up();
  CHECK(site.n_in(NodeLife::up) == 2);
  CHECK(n_of(site.controller, "node_evicted") == 1);
}

TEST_CASE("a node that is gone before its notice is over takes its jobs along, evicted") {
  PoolSite site({.least = 1, .most = 2});
  site.bring_up();
  const auto id = *site.controller.submit(*job());
  (void)site.controller.give(scheduler::NodeEvicted{"n1", 30s, "the price rose"});
  (void)site.controller.give(scheduler::ProviderEnded{"n1", "terminated"});
  const auto& state = site.controller.engine().state();
  CHECK(state.nodes.at(site.controller.node_id("n1")).phase == scheduler::NodePhase::absent);
  CHECK(state.jobs.at(id).earlier.front().why.cause == Cause::evicted);
  site.bring_up();
  CHECK(site.controller.state_of(id) == JobState::starting);
}

TEST_CASE("only who is in charge may evict and drain, and only nodes that are there") {
  Rack rack(1);
  const auto by_user =
      rack.controller.ask(scheduler::EvictNode{rack.controller.next_request(), user(), "n1", 30s});
  REQUIRE_FALSE(by_user.has_value());
  CHECK(by_user.error().code == base::Code::denied);
  const auto unknown = order_eviction(rack.controller, "n7", 30s);
  REQUIRE_FALSE(unknown.has_value());
  CHECK_THAT(unknown.error().text, Contains("n7"));
  const auto too_long = order_eviction(rack.controller, "n1", 25h);
  REQUIRE_FALSE(too_long.has_value());
  CHECK_THAT(too_long.error().text, Contains("--notice is 1d1h"));
  rack.lose("n1");
  CHECK_FALSE(order_eviction(rack.controller, "n1", 30s).has_value());
}

TEST_CASE("a drained node takes no new work, what runs runs on, until it is resumed") {
  Rack rack(1);
  const auto running = rack.submit(job());
  tell_started(rack, running);
  REQUIRE(rack.controller.ask(
      scheduler::DrainNodes{rack.controller.next_request(), chief, {"n1"}, "a fan is loud", {}}));
  rack.controller.pass(1h);
  CHECK(rack.state(running) == JobState::running);
  (void)rack.end(running, Cause::signal, 0);
  const auto next = rack.submit(job());
  CHECK(rack.state(next) == JobState::waiting);
  rack.join("n1");
  CHECK(rack.state(next) == JobState::waiting);
  REQUIRE(
      rack.controller.ask(scheduler::ResumeNodes{rack.controller.next_request(), chief, {"n1"}}));
  CHECK(rack.state(next) == JobState::starting);
}

TEST_CASE("a drain ends by itself at its time") {
  Rack rack(1);
  REQUIRE(rack.controller.ask(
      scheduler::DrainNodes{rack.controller.next_request(), chief, {"n1"}, "", 10min}));
  const auto next = rack.submit(job());
  rack.controller.pass(10min - 1ms);
  CHECK(rack.state(next) == JobState::waiting);
  rack.controller.pass(1ms);
  CHECK(rack.state(next) == JobState::starting);
}

TEST_CASE("a pool makes no node that is drained") {
  PoolSite site({.least = 0, .most = 4});
  REQUIRE(site.controller.ask(
      scheduler::DrainNodes{site.controller.next_request(), chief, {"n1"}, "a fan is loud", {}}));
  REQUIRE(site.controller.submit(*job()).has_value());
  site.bring_up();
  CHECK(site.life("n1") == NodeLife::absent);
  CHECK(site.life("n2") == NodeLife::up);
  CHECK(site.n_created() == 1);
}

TEST_CASE("a real notice takes the place of a pretended one") {
  Rack rack(2);
  REQUIRE(order_eviction(rack.controller, "n1", 1h).has_value());
  (void)rack.controller.give(scheduler::NodeEvicted{"n1", 30s, "the price rose"});
  const auto& eviction =
      rack.controller.engine().state().nodes.at(rack.controller.node_id("n1")).eviction;
  REQUIRE(eviction);
  CHECK(eviction->cause == "the price rose");
  CHECK(eviction->until == rack.controller.now() + 30s);
}

TEST_CASE("a node is not given up at the end of its notice because the controller was away") {
  Rack rack(1);
  const auto id = rack.submit(job());
  tell_started(rack, id);
  (void)rack.controller.give(scheduler::NodeEvicted{"n1", 0s, "shutdown"});
  rack.controller.pass(20s);
  (void)rack.controller.give(scheduler::NodeGone{rack.controller.node_id("n1")});
  rack.controller.pass(10s);
  CHECK(rack.state(id) == JobState::ending);
}
