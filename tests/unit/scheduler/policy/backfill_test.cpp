// Who starts beside a job that waits: stories of a cluster, a queue and what comes of them.

#include <functional>

#include "scheduler/core/record.h"
#include "scheduler/policy/policy.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;

namespace {

/// A cluster of one node under a policy.
class Machine {
 public:
  explicit Machine(const policy::Options& options, int cores = 4)
      : controller_({}, policy::make(options)) {
    controller_.join(node("n1", cores));
  }

  model::JobId submit(int tasks, int minutes) {
    auto request = job().tasks(tasks);
    if (minutes > 0) request.minutes(minutes);
    return *controller_.submit(*request);
  }
  bool has_started(model::JobId id) const { return controller_.state_of(id) != JobState::waiting; }
  std::string reason(model::JobId id) const {
    return describe(*controller_.engine().reason_of(id));
  }
  std::optional<base::Time> expected_start(model::JobId id) const {
    const auto& engine = controller_.engine();
    return engine.record_of(engine.state().jobs.at(id)).expected_start;
  }
  void end(model::JobId id) {
    (void)controller_.give(scheduler::NodeSaysEnded{
        controller_.node_id("n1"), success({.job = id, .attempt = 1, .step = {}})});
  }
  void pass(base::Duration duration) { controller_.pass(duration); }
  base::Time now() const { return controller_.now(); }

 private:
  Controller controller_;
};

}  // namespace

TEST_CASE("a short job goes ahead when it is over before the first one can start") {
  Machine machine({});
  (void)machine.submit(3, 60);
  const auto wide = machine.submit(4, 60);
  const auto fits = machine.submit(1, 60);
  const auto too_long = machine.submit(1, 61);
  CHECK_FALSE(machine.has_started(wide));
  CHECK(machine.expected_start(wide) == machine.now() + 60min);
  CHECK(machine.has_started(fits));
  CHECK_FALSE(machine.has_started(too_long));
}

TEST_CASE("a job that would delay the first one is told so, with the time") {
  Machine machine({});
  (void)machine.submit(3, 60);
  const auto wide = machine.submit(4, 60);
  const auto too_long = machine.submit(1, 61);
  CHECK(machine.reason(too_long) == "fits now, but would delay job " + to_text(wide) +
                                        ", which is to start by " + to_text(machine.now() + 60min));
}

TEST_CASE("a long job goes ahead on what the first one will not need") {
  Machine machine({}, 5);
  (void)machine.submit(3, 60);
  const auto wide = machine.submit(4, 60);
  const auto beside = machine.submit(1, 600);
  CHECK_FALSE(machine.has_started(wide));
  CHECK(machine.has_started(beside));
}

TEST_CASE("a job that needs a node that is not connected holds up nobody") {
  Controller controller;
  controller.join(node("n1", 4));
  controller.join(node("n2", 4));
  (void)controller.give(scheduler::NodeGone{controller.node_id("n2")});
  const auto wide = *controller.submit(*job().nodes(2).tasks_per_node(4).minutes(60));
  const auto narrow = *controller.submit(*job().tasks(1));
  CHECK(controller.state_of(narrow) == JobState::starting);
  CHECK(describe(*controller.engine().reason_of(wide)) ==
        "needs 2 nodes and 1 is connected; waiting for nodes to come (back)");
}

TEST_CASE("when nobody can tell when the first job starts, nobody overtakes it") {
  Machine machine({});
  (void)machine.submit(3, 0);
  const auto wide = machine.submit(4, 60);
  const auto small = machine.submit(1, 1);
  CHECK_FALSE(machine.expected_start(wide));
  CHECK(machine.reason(small) == "behind job " + to_text(wide) + ", which comes first");
}

TEST_CASE("a job without a time limit goes ahead only where no reservation needs its place") {
  Machine machine({}, 5);
  (void)machine.submit(3, 60);
  (void)machine.submit(4, 60);
  const auto beside = machine.submit(1, 0);
  const auto in_the_way = machine.submit(1, 0);
  CHECK(machine.has_started(beside));
  CHECK_FALSE(machine.has_started(in_the_way));
}

TEST_CASE("without backfilling nothing overtakes") {
  Machine machine({.depth = 0});
  (void)machine.submit(3, 60);
  const auto wide = machine.submit(4, 60);
  const auto small = machine.submit(1, 1);
  CHECK_FALSE(machine.has_started(small));
  CHECK(machine.reason(small) == "behind job " + to_text(wide) + ", which comes first");
}

TEST_CASE("with more reservations, later jobs are not delayed either") {
  const auto overtakes = [](std::size_t depth) {
    Machine machine({.depth = depth});
    (void)machine.submit(3, 60);
    (void)machine.submit(2, 60);  // from 1:00 on
    (void)machine.submit(4, 60);  // from 2:00 on, if it is told so
    return machine.has_started(machine.submit(1, 130));
  };
  CHECK(overtakes(1));
  CHECK_FALSE(overtakes(2));
  CHECK_FALSE(overtakes(policy::Options::unlimited));
}

TEST_CASE("an early end brings the reservation forward") {
  Machine machine({});
  const auto first = machine.submit(3, 60);
  const auto wide = machine.submit(4, 60);
  machine.pass(10min);
  machine.end(first);
  CHECK(machine.has_started(wide));
}

TEST_CASE("what is left is filled in the order that was chosen") {
  const auto started = [](policy::BackfillOrder order) {
    Machine machine({.backfill_order = order});
    (void)machine.submit(3, 60);
    const auto filler = machine.submit(1, 60);
    (void)machine.submit(4, 60);
    const auto earlier = machine.submit(1, 50);
    const auto shorter = machine.submit(1, 10);
    machine.end(filler);
    return std::pair(machine.has_started(earlier), machine.has_started(shorter));
  };
  CHECK(started(policy::BackfillOrder::queue) == std::pair(true, false));
  CHECK(started(policy::BackfillOrder::sjf) == std::pair(false, true));
}

TEST_CASE("each order has its own first") {
  // One core is taken until 1:00. Waiting since 0:00: a long job; since 0:30: a short one and one
  // that is wide and long.
  const auto first = [](policy::Order order) {
    Machine machine({.order = order, .depth = 0}, 2);
    const auto running = machine.submit(2, 600);
    const auto longest = machine.submit(1, 300);
    machine.pass(30min);
    const auto shortest = machine.submit(2, 20);
    const auto wide = machine.submit(2, 90);
    machine.pass(30min);
    machine.end(running);
    if (machine.has_started(longest)) return "longest";
    if (machine.has_started(shortest)) return "shortest";
    return machine.has_started(wide) ? "wide" : "none";
  };
  CHECK(first(policy::Order::fcfs) == std::string("longest"));
  CHECK(first(policy::Order::sjf) == std::string("shortest"));
  CHECK(first(policy::Order::lxf) == std::string("shortest"));
  CHECK(first(policy::Order::wfp3) == std::string("shortest"));
}

TEST_CASE("priority comes before any order") {
  Controller controller({}, policy::make({.order = policy::Order::sjf, .depth = 0}));
  const auto brief = *controller.submit(*job().minutes(1));
  const auto important = *controller.submit(*job().minutes(100).priority(1));
  controller.join(node("n1", 1));
  CHECK(controller.state_of(important) == JobState::starting);
  CHECK(controller.state_of(brief) == JobState::waiting);
}

TEST_CASE("a job is told of reservations where it could run, not of those elsewhere") {
  scheduler::Settings settings;
  settings.pools = {"default", "big"};
  Controller controller(settings);
  controller.join(node("n1", 4));
  controller.join(node("b1", 4, 0, "big"));
  const auto submit = [&](const std::string& pool, int tasks, int minutes) {
    return *controller.submit(*job().pool(pool).tasks(tasks).minutes(minutes));
  };
  (void)submit("big", 3, 10);
  (void)submit("big", 4, 10);  // the sooner reservation
  (void)submit("default", 3, 60);
  const auto wide = submit("default", 4, 60);
  const auto too_long = submit("default", 1, 61);
  const auto reason = *controller.engine().reason_of(too_long);
  REQUIRE(std::holds_alternative<model::WouldDelay>(reason));
  CHECK(std::get<model::WouldDelay>(reason).job == wide);
}

TEST_CASE("a job that was cancelled is no longer expected to start") {
  scheduler::Engine engine({}, policy::make({}));
  auto now = base::time_from_us(1);
  (void)engine.handle(scheduler::NodeHello{hello(node("n1", 1))}, now);
  for (const std::uint32_t request : {1U, 2U}) {
    (void)engine.handle(
        scheduler::SubmitJob{scheduler::RequestId(request), user(), *job().minutes(60)}, now);
  }
  (void)engine.plan(now);
  const model::JobId second(2);
  REQUIRE(engine.record_of(engine.state().jobs.at(second)).expected_start == now + 60min);
  (void)engine.handle(scheduler::CancelJob{scheduler::RequestId(3), user(), second}, now);
  CHECK_FALSE(engine.record_of(engine.state().jobs.at(second)).expected_start);
}

TEST_CASE("a reason is not older than what it speaks of") {
  Machine machine({});
  const auto first = machine.submit(3, 60);
  const auto wide = machine.submit(4, 60);
  const auto small = machine.submit(1, 600);
  CHECK(machine.reason(small).find("would delay job " + to_text(wide)) != std::string::npos);
  machine.end(first);
  CHECK(machine.has_started(wide));
  CHECK(machine.reason(small) ==
        "needs 1 node with 1 free core each; 0 of 1 node ready have that now; in use by job " +
            to_text(wide));
}
