#include "scheduler/core/history.h"

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace std::chrono_literals;
using namespace support;

namespace {

/// One node on which jobs run one after the other.
struct Past {
  Controller controller;

  Past() { controller.join(node("n1", 1)); }

  void ran(const JobBuilder& request, base::Duration run, model::User by = user()) {
    const auto id = *controller.submit(*request, by);
    controller.pass(run);
    (void)controller.give(
        scheduler::NodeSaysEnded{controller.node_id("n1"), success({id, 1, std::nullopt})});
  }

  /// In minutes.
  double predicted(const JobBuilder& request, std::uint32_t uid = 1000) {
    const auto spec = *request;
    const scheduler::JobKind kind{.uid = uid,
                                  .priority = 0,
                                  .pool = {},
                                  .time_limit = spec->time_limit,
                                  .layout = {},
                                  .family = scheduler::family_of(spec->name)};
    const auto time = controller.engine().state().history.predict(kind);
    return std::chrono::duration<double, std::ratio<60>>(time).count();
  }
};

}  // namespace

TEST_CASE("before anything is known a job is expected to run for half of its limit") {
  Past past;
  CHECK(past.predicted(job().minutes(80)) == Approx(40));
  CHECK(past.predicted(job()) == Approx(12 * 60));
}

TEST_CASE("a user's last two runs count more than those of others") {
  Past past;
  past.ran(job().minutes(100), 10min, user(1));
  past.ran(job().minutes(100), 10min, user(1));
  past.ran(job().minutes(100), 90min, user(2));
  past.ran(job().minutes(100), 90min, user(2));
  CHECK(past.predicted(job().minutes(100), 1) < 20);
  CHECK(past.predicted(job().minutes(100), 2) > 80);
  CHECK(past.predicted(job().minutes(100), 3) == Approx(100 * (0.9 + 0.9 + 0.5) / 3));
}

TEST_CASE("jobs of the same limit and name count most, and digits do not make a name") {
  Past past;
  past.ran(job().minutes(100).name("solve1"), 10min);
  past.ran(job().minutes(100).name("solve2"), 10min);
  past.ran(job().minutes(100).name("mesh1"), 80min);
  past.ran(job().minutes(100).name("mesh2"), 80min);
  CHECK(past.predicted(job().minutes(100).name("solve3")) < 40);
  CHECK(past.predicted(job().minutes(100).name("mesh3")) > 75);
}

TEST_CASE("a prediction is at least a second and at most the limit") {
  Past past;
  for (int i = 0; i < 2; ++i) past.ran(job().minutes(10), 0min);
  CHECK(past.predicted(job().minutes(1)) * 60 >= 1);
  for (int i = 0; i < 2; ++i) past.ran(job(), 60h);
  CHECK(past.predicted(job()) > 24 * 60);
  CHECK(past.predicted(job().minutes(10)) <= 10);
}

TEST_CASE("jobs that the state drops are forgotten") {
  scheduler::Settings settings;
  settings.jobs_kept = 0;
  Controller controller(settings);
  controller.join(node("n1", 1));
  const auto id = *controller.submit(*job().minutes(10).name("a"));
  CHECK(controller.engine().state().history == scheduler::History());
  (void)controller.give(
      scheduler::NodeSaysEnded{controller.node_id("n1"), success({id, 1, std::nullopt})});
  CHECK_FALSE(controller.engine().state().history == scheduler::History());
  (void)*controller.submit(*job().hold());
  CHECK(controller.engine().state().history == scheduler::History());
}
