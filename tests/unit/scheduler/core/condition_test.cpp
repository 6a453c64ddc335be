// Nodes that are prepared, that are not fit for work, and that are suspected.

#include "tests/support/catch.h"
#include "tests/support/controller.h"
#include "tests/support/pool_site.h"
#include "tests/support/rack.h"

using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::Cause;
using model::Fitness;
using model::JobState;
using model::NodeLife;

namespace {

scheduler::Settings with_care() {
  auto settings = settings_without_pause();
  settings.care["default"] = {.pool = "default", .setup = "prepare", .setup_tries = 3};
  return settings;
}

model::NodeCondition found(const scheduler::Settings& settings, Fitness fitness,
                           std::string reason = {}, bool is_given_up = false) {
  return {.fitness = fitness,
          .reason = std::move(reason),
          .since = base::time_from_us(1),
          .is_given_up = is_given_up,
          .basis = model::basis_of(settings.care.at("default"))};
}

void say(Controller& controller, const std::string& node, model::NodeCondition condition) {
  (void)controller.give(
      scheduler::NodeSaysCondition{controller.node_id(node), std::move(condition)});
}

const model::NodeCondition* condition_of(const Controller& controller, const std::string& node) {
  const auto& condition = controller.engine().state().nodes.at(controller.node_id(node)).condition;
  return condition ? &*condition : nullptr;
}

std::string drain_of(const Rack& rack, const std::string& node) {
  const auto& drain =
      rack.controller.engine().state().nodes.at(rack.controller.node_id(node)).drain;
  return drain ? drain->by + ": " + drain->reason : "";
}

}  // namespace

TEST_CASE("a node whose pool wants nothing is ready at once, whatever its agent says") {
  Rack rack(1);
  CHECK(condition_of(rack.controller, "n1") == nullptr);
  say(rack.controller, "n1", {.fitness = Fitness::unusable, .reason = "x"});
  CHECK(condition_of(rack.controller, "n1") == nullptr);
  CHECK(rack.state(rack.submit(job())) == JobState::starting);
}

TEST_CASE("a node takes work when it is ready, and why says what it does until then") {
  const auto settings = with_care();
  Rack rack(1, settings);
  const auto waits = rack.submit(job());
  CHECK(rack.state(waits) == JobState::waiting);
  CHECK(rack.controller.reason_of(waits) ==
        "needs 1 node and 0 are fit for work; node n1 is being prepared: its setup has not run "
        "yet");
  say(rack.controller, "n1", found(settings, Fitness::unusable, "its setup exited with code 3"));
  CHECK_THAT(rack.controller.reason_of(waits),
             Contains("node n1 is unusable: its setup exited with code 3"));
  const auto n_facts = rack.controller.facts().size();
  say(rack.controller, "n1", found(settings, Fitness::unusable, "its setup exited with code 3"));
  CHECK(rack.controller.facts().size() == n_facts);
  say(rack.controller, "n1", found(settings, Fitness::ready));
  CHECK(rack.state(waits) == JobState::starting);
}

TEST_CASE("what was found by what the pool wanted before does not count") {
  const auto settings = with_care();
  Rack rack(1, settings);
  auto old = found(settings, Fitness::ready);
  old.basis = "setup another";
  say(rack.controller, "n1", old);
  CHECK(condition_of(rack.controller, "n1")->fitness == Fitness::preparing);
  auto known = hello(node("n1", 1));
  known.condition = found(settings, Fitness::ready);
  (void)rack.controller.give(scheduler::NodeHello{known});
  CHECK(condition_of(rack.controller, "n1")->fitness == Fitness::ready);
  CHECK(rack.state(rack.submit(job())) == JobState::starting);
}

TEST_CASE("what runs on a node that turns unusable runs on, and nothing new starts there") {
  const auto settings = with_care();
  Rack rack(1, settings);
  say(rack.controller, "n1", found(settings, Fitness::ready));
  const auto runs = rack.submit(job());
  (void)rack.controller.give(scheduler::NodeSaysStarted{rack.first_node(runs), rack.key(runs)});
  say(rack.controller, "n1", found(settings, Fitness::unusable, "its health check failed"));
  CHECK(rack.state(runs) == JobState::running);
  const auto waits = rack.submit(job());
  (void)rack.end(runs, Cause::exit_code, 0);
  CHECK(rack.state(runs) == JobState::completed);
  CHECK(rack.state(waits) == JobState::waiting);
  say(rack.controller, "n1", found(settings, Fitness::ready));
  CHECK(rack.state(waits) == JobState::starting);
}

TEST_CASE("a provider's node is coming until it is ready, however long that takes") {
  auto settings = with_care();
  PoolSite site({.least = 1, .most = 2}, settings);
  site.bring_up();
  CHECK(site.life("n1") == NodeLife::preparing);
  CHECK(site.n_there() == 1);
  site.controller.pass(2h);
  CHECK(site.life("n1") == NodeLife::preparing);
  say(site.controller, "n1", found(settings, Fitness::unusable, "no mount", true));
  site.controller.pass(2h);
  CHECK(site.life("n1") == NodeLife::preparing);  // it heals: no program makes another
  const auto record = site.controller.engine().pools().front();
  CHECK(record.unusable == 1);
  CHECK(record.starting == 0);
  CHECK(record.trouble == "node n1 is unusable: no mount");
  say(site.controller, "n1", found(settings, Fitness::ready));
  CHECK(site.life("n1") == NodeLife::up);
}

TEST_CASE("a node whose agent goes away while it is prepared has time to come back") {
  auto settings = with_care();
  PoolSite site({.least = 1, .most = 1, .has_program = true}, settings);
  site.bring_up();
  site.controller.pass(2h);
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  site.controller.pass(9min);
  CHECK(site.life("n1") == NodeLife::preparing);
  site.controller.pass(2min);
  CHECK(site.life("n1") == NodeLife::unusable);
}

TEST_CASE("a node whose agent is heard is there, whatever its provider says") {
  PoolSite site({.least = 1, .most = 1, .has_program = true}, with_care());
  site.bring_up();
  (void)site.controller.give(scheduler::ProviderFailed{"n1", "it took too long", false});
  CHECK(site.life("n1") == NodeLife::preparing);
}

TEST_CASE("a drained node is looked at, and not replaced") {
  auto settings = with_care();
  PoolSite site({.least = 1, .most = 1, .has_program = true}, settings);
  const model::User root{.uid = 0, .gid = 0, .name = "root"};
  site.bring_up();
  (void)site.controller.ask(
      scheduler::DrainNodes{site.controller.next_request(), root, {"n1"}, "a look", {}});
  say(site.controller, "n1", found(settings, Fitness::unusable, "no mount", true));
  CHECK(site.life("n1") == NodeLife::preparing);
  (void)site.controller.ask(scheduler::ResumeNodes{site.controller.next_request(), root, {"n1"}});
  CHECK(site.life("n1") == NodeLife::unusable);
}

TEST_CASE("a node that came for a job and is unusable goes as an idle one") {
  auto settings = with_care();
  PoolSite site({.least = 0, .most = 1}, settings);
  const auto id = site.controller.submit(*job());
  site.bring_up();
  say(site.controller, "n1", found(settings, Fitness::unusable, "no mount"));
  (void)site.controller.ask(scheduler::CancelJob{site.controller.next_request(), user(), *id});
  site.controller.pass(5min - 1s);
  CHECK(site.life("n1") == NodeLife::preparing);
  site.controller.pass(1s);
  CHECK(site.life("n1") == NodeLife::leaving);
}

TEST_CASE("a node that a program made and that is given up is replaced, with a pause") {
  auto settings = with_care();
  PoolSite site({.least = 1, .most = 1, .has_program = true}, settings);
  site.bring_up();
  CHECK(site.life("n1") == NodeLife::preparing);
  say(site.controller, "n1", found(settings, Fitness::unusable, "no mount"));
  CHECK(site.life("n1") == NodeLife::preparing);
  say(site.controller, "n1", found(settings, Fitness::unusable, "no mount", true));
  CHECK(site.life("n1") == NodeLife::unusable);
  CHECK(site.pool().n_failures == 1);
  CHECK(site.pool().trouble == "no mount");
  site.controller.pass(10s);
  site.bring_up();
  CHECK(site.n_in(NodeLife::preparing) == 1);
}

TEST_CASE("one that was in service is replaced when its jobs have ended") {
  auto settings = with_care();
  PoolSite site({.least = 1, .most = 1, .has_program = true}, settings);
  site.bring_up();
  say(site.controller, "n1", found(settings, Fitness::ready));
  const auto id = site.controller.submit(*job());
  say(site.controller, "n1", found(settings, Fitness::unusable, "the disk is full", true));
  CHECK(site.life("n1") == NodeLife::up);
  site.controller.run(*id);
  CHECK(site.life("n1") != NodeLife::up);
  CHECK(site.pool().trouble == "the disk is full");
}

namespace {

scheduler::Settings suspicious() {
  auto settings = settings_without_pause();
  settings.suspect_after = 3;
  return settings;
}

/// A job of this user runs on the node with the most room, and ends so.
model::JobId fail_one(Rack& rack, std::uint32_t uid, Cause cause = Cause::exit_code, int code = 1) {
  const auto id = *rack.controller.submit(*job().no_requeue(), user(uid));
  (void)rack.controller.give(scheduler::NodeSaysStarted{rack.first_node(id), rack.key(id)});
  (void)rack.end(id, cause, code);
  return id;
}

}  // namespace

TEST_CASE("jobs of several users that fail one after another have the node drained") {
  Rack rack(1, suspicious());
  fail_one(rack, 1000);
  fail_one(rack, 1001);
  CHECK(drain_of(rack, "n1").empty());
  fail_one(rack, 1001, Cause::signal, 7);
  CHECK_THAT(drain_of(rack, "n1"),
             Contains("musterd: 3 jobs of 2 users failed there one after another: job 1: "));
  CHECK_THAT(drain_of(rack, "n1"), Contains("job 3: "));
  const auto record = rack.controller.engine().record_of(
      rack.controller.engine().state().nodes.at(rack.controller.node_id("n1")));
  CHECK(record.suspicions.size() == 3);
  (void)rack.controller.ask(scheduler::ResumeNodes{
      rack.controller.next_request(), {.uid = 0, .gid = 0, .name = "root"}, {"n1"}});
  CHECK(drain_of(rack, "n1").empty());
  fail_one(rack, 1002);
  CHECK(drain_of(rack, "n1").empty());
}

TEST_CASE("one user's broken script drains nothing, however often it runs") {
  Rack rack(1, suspicious());
  for (int i = 0; i < 20; ++i) fail_one(rack, 1000, Cause::signal, 7);
  CHECK(drain_of(rack, "n1").empty());
  CHECK(
      rack.controller.engine().state().nodes.at(rack.controller.node_id("n1")).suspicions.size() <=
      3);
}

TEST_CASE("users whose jobs fail elsewhere, too, do not count") {
  Rack rack(2, suspicious());
  const auto holder = rack.submit(job().no_requeue());  // of n1
  REQUIRE(rack.nodes_of(holder) == "n1");
  fail_one(rack, 1000);  // on n2
  fail_one(rack, 1001);
  (void)rack.controller.give(scheduler::NodeSaysStarted{rack.first_node(holder), rack.key(holder)});
  (void)rack.end(holder, Cause::exit_code, 1);  // of user 1000, on n1
  const auto other = rack.submit(job().no_requeue());
  REQUIRE(rack.nodes_of(other) == "n1");
  fail_one(rack, 1001);
  fail_one(rack, 1001);
  CHECK(drain_of(rack, "n2").empty());
  fail_one(rack, 1002);
  CHECK_THAT(drain_of(rack, "n2"), Contains("4 jobs of 2 users"));
}

TEST_CASE("what ends well between them, or too long after them, clears the node") {
  Rack rack(1, suspicious());
  fail_one(rack, 1000);
  fail_one(rack, 1001);
  rack.controller.run(*rack.controller.submit(*job()));
  fail_one(rack, 1002);
  CHECK(drain_of(rack, "n1").empty());
  fail_one(rack, 1000);
  rack.controller.pass(10min);
  fail_one(rack, 1001);
  CHECK(drain_of(rack, "n1").empty());
}

TEST_CASE("what users and limits end says nothing of the node") {
  Rack rack(1, suspicious());
  for (std::uint32_t uid = 1000; uid < 1004; ++uid) {
    fail_one(rack, uid, Cause::out_of_memory, 137);
    const auto id = *rack.controller.submit(*job().no_requeue(), user(uid));
    (void)rack.controller.give(scheduler::NodeSaysStarted{rack.first_node(id), rack.key(id)});
    (void)rack.controller.ask(scheduler::CancelJob{rack.controller.next_request(), user(uid), id});
    (void)rack.end(id, Cause::signal, 15);
  }
  CHECK(drain_of(rack, "n1").empty());
}
