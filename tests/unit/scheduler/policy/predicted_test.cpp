#include <optional>
#include <set>

#include "scheduler/policy/backlog.h"
#include "scheduler/policy/rank.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace std::chrono_literals;
using namespace support;
using model::JobState;

namespace {

/// A node of two cores that ends jobs when told.
struct LearningCluster {
  Controller controller{{}, policy::make({.order = policy::Order::predicted})};

  LearningCluster() { controller.join(node("n1", 2)); }

  model::JobId submit(const JobBuilder& request, std::uint32_t uid = 1000) {
    return *controller.submit(*request, user(uid));
  }
  void end(model::JobId id) {
    (void)controller.give(
        scheduler::NodeSaysEnded{controller.node_id("n1"), success({id, 1, std::nullopt})});
  }
  bool waits(model::JobId id) const { return controller.state_of(id) == JobState::waiting; }

  /// This user's jobs are expected to run for about `run`.
  void teach(std::uint32_t uid, const JobBuilder& request, base::Duration run) {
    for (int i = 0; i < 3; ++i) {
      const auto id = submit(request, uid);
      controller.pass(run);
      end(id);
    }
  }
};

}  // namespace

TEST_CASE("of two jobs with one limit, that of the user whose jobs are short goes first") {
  LearningCluster machine;
  machine.teach(1, job().tasks(2).minutes(600), 500min);
  machine.teach(2, job().tasks(2).minutes(600), 5min);
  const auto running = machine.submit(job().tasks(2).minutes(600), 3);
  const auto is_long = machine.submit(job().tasks(2).minutes(600), 1);
  const auto is_short = machine.submit(job().tasks(2).minutes(600), 2);
  machine.end(running);
  CHECK(machine.waits(is_long));
  CHECK_FALSE(machine.waits(is_short));
}

TEST_CASE("priority comes before any prediction") {
  LearningCluster machine;
  machine.teach(2, job().tasks(2).minutes(600), 5min);
  const auto running = machine.submit(job().tasks(2).minutes(600), 3);
  const auto is_short = machine.submit(job().tasks(2).minutes(600), 2);
  const auto high = machine.submit(job().tasks(2).minutes(6000).priority(1), 1);
  machine.end(running);
  CHECK_FALSE(machine.waits(high));
  CHECK(machine.waits(is_short));
}

TEST_CASE("a job goes ahead of a reservation when it is expected to be over in time") {
  LearningCluster machine;
  machine.teach(2, job().minutes(600), 5min);
  (void)machine.submit(job().minutes(300), 3);
  const auto wide = machine.submit(job().tasks(2).minutes(10), 1);
  machine.controller.pass(20min);
  const auto narrow = machine.submit(job().minutes(600), 2);
  CHECK(machine.waits(wide));
  CHECK_FALSE(machine.waits(narrow));
}

TEST_CASE("a wide job is not starved by a stream of jobs that outlive their predictions") {
  LearningCluster machine;
  const auto short_job = job().minutes(24 * 60);
  machine.teach(2, short_job, 30min);
  auto older = machine.submit(short_job, 2);
  machine.controller.pass(30min);
  auto newer = machine.submit(short_job, 2);
  const auto wide = machine.submit(job().tasks(2).minutes(60), 1);
  std::set<model::JobId> waiting;
  std::optional<int> first_that_waited;
  int half_hours = 0;
  for (; machine.waits(wide) && half_hours < 200; ++half_hours) {
    machine.controller.pass(30min);
    machine.end(older);
    if (!machine.waits(wide)) break;
    older = newer;
    newer = machine.submit(short_job, 2);
    if (machine.waits(newer) && !first_that_waited) first_that_waited = half_hours;
    if (!machine.waits(newer)) continue;
    machine.controller.pass(30min);
    machine.end(older);
  }
  CHECK_FALSE(machine.waits(wide));
  REQUIRE(first_that_waited);
  CHECK(*first_that_waited >= 47);          // a day is not over before
  CHECK(half_hours <= 2 * (24 + 24 + 24));  // a day, the limits of what runs, and of what waits
}

TEST_CASE("the time to drain counts what waits as predicted and what runs by its limit") {
  LearningCluster machine;
  const std::vector<std::string> pools{"default"};
  (void)machine.submit(job().minutes(60));
  (void)machine.submit(job().tasks(2).minutes(100));
  const auto times =
      policy::drain_times({machine.controller.engine().state(), pools, scheduler::Classes(),
                           scheduler::Workspaces(), model::Licenses()},
                          machine.controller.now());
  CHECK(times.at("default") == 30min + 50min);
  CHECK(times.at("") == times.at("default"));
}

TEST_CASE("nobody is overdue within a day, nor while the work that is there would take longer") {
  CHECK_FALSE(policy::is_overdue(23h, 0h));
  CHECK(policy::is_overdue(25h, 30min));
  CHECK_FALSE(policy::is_overdue(25h, 2h));
}
