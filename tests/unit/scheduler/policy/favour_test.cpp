// Fair share and size in the default order.

#include <cmath>

#include "scheduler/policy/favour.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace std::chrono_literals;
using namespace support;
using model::JobState;

namespace {

/// A node of four cores under the default order.
struct Site {
  explicit Site(scheduler::Settings settings = {})
      : controller(std::move(settings), policy::make({.order = policy::Order::predicted})) {
    controller.join(node("n1", 4));
  }

  model::JobId submit(const JobBuilder& request, std::uint32_t uid) {
    return *controller.submit(*request, user(uid));
  }
  void end(model::JobId id) {
    (void)controller.give(
        scheduler::NodeSaysEnded{controller.node_id("n1"), success({id, 1, std::nullopt})});
  }
  void use(std::uint32_t uid, base::Duration time, const std::string& workspace = "") {
    const auto id = submit(job().tasks(4).minutes(600).workspace(workspace), uid);
    controller.pass(time);
    end(id);
  }
  policy::Standing standing(std::uint32_t uid, const std::string& workspace = "") const {
    const auto& engine = controller.engine();
    const auto& settings = engine.settings();
    return policy::Favour({},
                          {engine.state(), settings.pools, settings.classes, settings.workspaces,
                           settings.licenses},
                          controller.now())
        .standing_of({uid, workspace});
  }
  bool waits(model::JobId id) const { return controller.state_of(id) == JobState::waiting; }

  Controller controller;
};

}  // namespace

TEST_CASE("of two alike jobs, that of the user who has used less goes first") {
  Site site;
  site.use(1, 300min);
  site.use(2, 30min);
  const auto running = site.submit(job().tasks(4).minutes(60), 3);
  const auto of_heavy = site.submit(job().tasks(4).minutes(60), 1);
  const auto of_light = site.submit(job().tasks(4).minutes(60), 2);
  site.end(running);
  CHECK(site.waits(of_heavy));
  CHECK_FALSE(site.waits(of_light));
}

TEST_CASE("a standing is what was used of all beside what is due") {
  Site site;
  site.use(1, 300min);
  site.use(2, 100min);
  CHECK(site.standing(1).use == Approx(0.75).epsilon(0.01));
  CHECK(site.standing(1).due == 0.5);
  CHECK(site.standing(1).factor() == Approx(std::exp2(-1.5)).epsilon(0.01));
  CHECK(site.standing(3).factor() == 1);
}

TEST_CASE("what was used a half-life ago counts half") {
  Site site;
  site.use(1, 60min);
  site.controller.pass(7 * 24h);
  site.use(2, 60min);
  CHECK(site.standing(1).use == Approx(1.0 / 3).epsilon(0.01));
}

TEST_CASE("what runs counts as used") {
  Site site;
  (void)site.submit(job().tasks(1).minutes(600), 1);
  (void)site.submit(job().tasks(3).minutes(600), 2);
  site.controller.pass(60min);
  CHECK(site.standing(2).use == Approx(0.75).epsilon(0.01));
}

TEST_CASE("workspaces have what their shares say, and their users equal parts of that") {
  scheduler::Settings settings;
  settings.workspaces = scheduler::Workspaces(
      {{.name = "big", .shares = 3, .users = {}}, {.name = "small", .shares = 1, .users = {}}});
  Site site(settings);
  site.use(1, 60min, "big");
  site.use(2, 60min, "big");
  site.use(3, 60min, "small");
  CHECK(site.standing(1, "big").due == Approx(0.375).epsilon(0.01));
  CHECK(site.standing(3, "small").due == Approx(0.25).epsilon(0.01));
  const auto refused = site.controller.submit(*job().workspace("smal"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "there is no workspace 'smal'; did you mean 'small'?");
}

TEST_CASE("use outlasts the jobs that are dropped") {
  scheduler::Settings settings;
  settings.jobs_kept = 1;
  Site site(settings);
  for (int i = 0; i < 5; ++i) site.use(1, 60min);
  const auto& state = site.controller.engine().state();
  CHECK(state.jobs.size() <= 2);
  base::Duration sum{};
  for (const auto& [day, amount] : state.usage.by_owner().at({1, ""}).by_day())
    sum += amount.core_time;
  CHECK(sum == 4 * 5 * 60min);
}

TEST_CASE("priorities are listed in the order in which jobs start") {
  Site site;
  site.use(1, 200min);
  site.use(2, 20min);
  const auto running = site.submit(job().tasks(4).minutes(60), 3);
  for (const std::uint32_t uid : {1, 2, 4}) {
    (void)site.submit(job().tasks(4).minutes(60).priority(uid == 4 ? -1 : 0), uid);
    (void)site.submit(job().tasks(4).minutes(30), uid);
  }
  const auto listed = site.controller.engine().priorities(site.controller.now());
  REQUIRE(listed.size() == 6);
  site.end(running);
  CHECK_FALSE(site.waits(listed.front().job));
  CHECK(listed.back().own == -1);
  for (const auto& terms : listed) CHECK(terms.n_alike == 1);
}
