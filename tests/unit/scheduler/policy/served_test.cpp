// The order served: who comes first, who makes room for whom, and when.

#include "scheduler/policy/served.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;

namespace {

/// A node of four cores. What is told to save or to stop ends when the test says so.
class ServedCluster {
 public:
  explicit ServedCluster(scheduler::Settings settings = {})
      : controller(std::move(settings),
                   policy::make({.order = policy::Order::served, .slice = 10min})) {
    controller.join(node("n1", 4));
  }

  model::JobId submit(const JobBuilder& request) { return *controller.submit(*request); }
  model::JobId start(const JobBuilder& request) {
    const auto id = submit(request);
    REQUIRE(state(id) == JobState::starting);
    tell_started(id);
    return id;
  }
  void tell_started(model::JobId id) {
    (void)controller.give(scheduler::NodeSaysStarted{controller.node_id("n1"), key(id)});
  }
  void end(model::JobId id) {
    (void)controller.give(scheduler::NodeSaysEnded{controller.node_id("n1"), success(key(id))});
  }
  JobState state(model::JobId id) const { return controller.state_of(id); }
  model::LaunchKey key(model::JobId id) const {
    return {id, controller.engine().state().jobs.at(id).attempts, std::nullopt};
  }

  Controller controller;
};

JobBuilder saving(int tasks) {
  return job().tasks(tasks).saves(0s);
}

scheduler::Settings with_class(const scheduler::Class& only) {
  scheduler::Settings settings;
  settings.classes = scheduler::Classes({only}, only.name);
  return settings;
}

double price_in(const Controller& controller, const JobBuilder& request, base::Duration served) {
  const auto& settings = controller.engine().settings();
  const scheduler::View view{controller.engine().state(), settings.pools, settings.classes,
                             settings.workspaces, settings.licenses};
  const auto spec = *request;
  const scheduler::Job job{.id = model::JobId(999),
                           .attempts = 0,
                           .submitted_at = controller.now(),
                           .spec = spec,
                           .phase = {},
                           .user = user(),
                           .layout = *model::resolve(spec->shape),
                           .earlier = {}};
  return policy::Served(view, 10min, controller.now()).price(kind_of(job), served);
}

}  // namespace

TEST_CASE("as far as nobody knows better, an end costs more the longer a job has run") {
  const ServedCluster cluster;
  const auto price = [&](base::Duration served) {
    return price_in(cluster.controller, saving(1), served);
  };
  CHECK(price(0s) == price(30s));
  CHECK(price(5min) > price(0s));
  CHECK(price(80min) / price(5min) == Approx(16));
  CHECK(price_in(cluster.controller, saving(4), 5min) == Approx(4 * price(5min)));
}

TEST_CASE("jobs whose likes all ended at some age become cheaper as they come near it") {
  ServedCluster cluster;
  for (int i = 0; i < 12; ++i) {
    const auto id = cluster.start(saving(4).name("epoch" + std::to_string(i)));
    cluster.controller.pass(90min);
    cluster.end(id);
  }
  const auto price = [&](base::Duration served, const std::string& name) {
    return price_in(cluster.controller, saving(4).name(name), served);
  };
  CHECK(price(70min, "epoch99") < price(10min, "epoch99") / 2);
  CHECK(price(70min, "epoch99") < price(70min, "other"));
}

TEST_CASE("one that was served long makes room for a new one, and goes on when it can") {
  ServedCluster cluster;
  const auto old = cluster.start(saving(4));
  cluster.controller.pass(2h);
  const auto young = cluster.submit(saving(4));
  CHECK(cluster.state(old) == JobState::ending);
  CHECK(cluster.state(young) == JobState::waiting);
  cluster.end(old);
  CHECK(cluster.state(young) == JobState::starting);
  CHECK(cluster.state(old) == JobState::waiting);
  cluster.end(young);
  CHECK(cluster.state(old) == JobState::starting);
}

TEST_CASE("an attempt is left alone for a slice, and ended then though nothing else happens") {
  ServedCluster cluster;
  const auto old = cluster.start(saving(4));
  cluster.controller.pass(5min);
  const auto young = cluster.submit(saving(1));
  CHECK(cluster.state(old) == JobState::running);
  cluster.controller.pass(5min - 1s);
  CHECK(cluster.state(old) == JobState::running);
  cluster.controller.pass(1s);
  CHECK(cluster.state(old) == JobState::ending);
  CHECK(cluster.state(young) == JobState::waiting);
}

TEST_CASE("one that ranks no clearly lower is not ended until it does") {
  ServedCluster cluster;
  const auto first = cluster.start(saving(4));
  cluster.controller.pass(50min);
  const auto second = cluster.submit(saving(4));
  cluster.end(first);
  REQUIRE(cluster.state(second) == JobState::starting);
  cluster.tell_started(second);
  // The first was served for 50 minutes, which is of the band up to 64.
  cluster.controller.pass(63min);
  CHECK(cluster.state(second) == JobState::running);
  cluster.controller.pass(66min);
  CHECK(cluster.state(second) == JobState::ending);
}

TEST_CASE("who does not save, or whose class does not yield, is left alone") {
  SECTION("no signal asked for, and no checkpoint reported") {
    ServedCluster cluster;
    const auto old = cluster.start(job().tasks(4));
    cluster.controller.pass(2h);
    (void)cluster.submit(saving(4));
    CHECK(cluster.state(old) == JobState::running);
    REQUIRE(cluster.controller.ask(
        scheduler::CheckpointJob{cluster.controller.next_request(), user(), old}));
    CHECK(cluster.state(old) == JobState::ending);
  }
  SECTION("a class that does not yield") {
    ServedCluster cluster(with_class({.name = "firm", .max_preemptions = 5, .yields = false}));
    const auto old = cluster.start(saving(4));
    cluster.controller.pass(2h);
    (void)cluster.submit(saving(4));
    CHECK(cluster.state(old) == JobState::running);
  }
  SECTION("one that was preempted as often as may be") {
    ServedCluster cluster(with_class({.name = "once", .max_preemptions = 1}));
    const auto old = cluster.start(saving(4));
    cluster.controller.pass(2h);
    const auto second = cluster.submit(saving(4));
    cluster.end(old);
    cluster.end(second);
    REQUIRE(cluster.state(old) == JobState::starting);
    cluster.tell_started(old);
    cluster.controller.pass(2h);
    (void)cluster.submit(saving(4));
    CHECK(cluster.state(old) == JobState::running);
  }
  SECTION("one of a higher priority") {
    ServedCluster cluster;
    const auto old = cluster.start(saving(4).priority(1));
    cluster.controller.pass(2h);
    (void)cluster.submit(saving(4));
    CHECK(cluster.state(old) == JobState::running);
  }
}

TEST_CASE("served least, a job ends nobody who could not make room for it") {
  ServedCluster cluster;
  (void)cluster.start(job().tasks(1));
  const auto old = cluster.start(saving(3));
  cluster.controller.pass(2h);
  (void)cluster.submit(saving(4));
  CHECK(cluster.state(old) == JobState::running);
}

TEST_CASE("behind one that nobody knows the end of, only those start that will make room") {
  ServedCluster cluster;
  (void)cluster.start(job().tasks(2));
  const auto wide = cluster.submit(saving(3));
  const auto yielding = cluster.submit(saving(1).name("yields"));
  const auto firm = cluster.submit(job().tasks(1).name("stays").priority(-1));
  CHECK(cluster.state(wide) == JobState::waiting);
  CHECK(cluster.state(yielding) == JobState::starting);
  CHECK(cluster.state(firm) == JobState::waiting);
  CHECK(cluster.controller.reason_of(firm).find("job " + to_text(wide)) != std::string::npos);
}

TEST_CASE("one that has waited longer than all the work that is there takes goes first") {
  ServedCluster cluster;
  const auto old = cluster.start(saving(4).name("long"));
  cluster.controller.pass(12h);
  // Short ones, again and again, would keep the old one waiting for ever.
  auto shorter = cluster.submit(job().tasks(4).name("short"));
  REQUIRE(cluster.state(old) == JobState::ending);
  cluster.end(old);
  base::Duration waited{};
  while (cluster.state(old) == JobState::waiting && waited < 24h * 5) {
    REQUIRE(cluster.state(shorter) == JobState::starting);
    cluster.tell_started(shorter);
    cluster.controller.pass(1h);
    waited += 1h;
    const auto next = cluster.submit(job().tasks(4).name("short"));
    cluster.end(shorter);
    shorter = next;
  }
  CHECK(waited > 24h);
  REQUIRE(cluster.state(old) == JobState::starting);
  cluster.tell_started(old);
  cluster.controller.pass(30min);
  CHECK(cluster.state(old) == JobState::running);
}
