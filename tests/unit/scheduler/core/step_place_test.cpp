#include "scheduler/core/step_place.h"

#include <memory>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using Catch::Matchers::Contains;
using namespace support;

namespace {

/// A job of two nodes with two tasks of one core on each.
struct StepSite {
  StepSite() {
    controller.join(node("n1", 2));
    controller.join(node("n2", 2));
    job_id = *controller.submit(*job().nodes(2).tasks(4));
    (void)controller.give(
        scheduler::NodeSaysStarted{controller.node_id("n1"), {job_id, 1, std::nullopt}});
  }

  base::Result<scheduler::Answer> start(model::StepSpec spec) {
    spec.arguments = {"./a.out"};
    return controller.ask(
        scheduler::StartStep{controller.next_request(), user(), job_id, 1,
                             std::make_shared<const model::StepSpec>(std::move(spec))});
  }
  base::Result<scheduler::Answer> start_exact(int tasks) {
    model::StepSpec spec;
    spec.tasks = tasks;
    spec.exact = true;
    return start(std::move(spec));
  }
  const scheduler::Step& step(std::uint32_t number) const {
    const auto& found = controller.engine().state().jobs.at(job_id);
    return scheduler::active_attempt(found)->steps.at(model::StepId(number));
  }
  void end(std::uint32_t number, const std::string& on) {
    const model::LaunchKey key{job_id, 1, model::StepId(number)};
    (void)controller.give(scheduler::NodeSaysEnded{controller.node_id(on), success(key)});
  }

  Controller controller;
  model::JobId job_id{1};
};

}  // namespace

TEST_CASE("exact steps have cores that no other has, on the first nodes with room") {
  StepSite site;
  REQUIRE(site.start_exact(1));
  REQUIRE(site.start_exact(1));
  REQUIRE(site.start_exact(2));
  CHECK(to_text(site.step(0).shares.at(0).cores) == "0");
  CHECK(to_text(site.step(1).shares.at(0).cores) == "1");
  CHECK(site.step(2).tasks == std::vector{0, 2});
  CHECK(to_text(site.step(2).shares.at(1).cores) == "0-1");
}

TEST_CASE(
    "one for which too few are free may be asked for again, and starts when others have ended") {
  StepSite site;
  REQUIRE(site.start_exact(3));
  const auto refused = site.start_exact(2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::Code::unavailable);
  CHECK_THAT(refused.error().text, Contains("leave too few for 2 tasks with 1 core each"));
  site.end(0, "n1");
  CHECK(site.start_exact(2));
}

TEST_CASE("one that can never fit is refused for good") {
  StepSite site;
  const auto refused = site.start_exact(5);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::Code::invalid);
}

TEST_CASE("other steps share the cores of the job, whatever is used") {
  StepSite site;
  REQUIRE(site.start_exact(4));
  model::StepSpec spec;
  spec.tasks = 4;
  REQUIRE(site.start(spec));
  CHECK(site.step(1).shares.empty());
}

TEST_CASE("the order has the cores that are the step's") {
  StepSite site;
  REQUIRE(site.start_exact(1));
  model::StepSpec spec;
  spec.arguments = {"./a.out"};
  spec.tasks = 1;
  spec.exact = true;
  const auto actions =
      site.controller.give(scheduler::StartStep{site.controller.next_request(), user(), site.job_id,
                                                1, std::make_shared<const model::StepSpec>(spec)});
  const auto launches = only<scheduler::SendLaunch>(actions);
  REQUIRE(launches.size() == 1);
  REQUIRE(launches[0].order.step_share);
  CHECK(to_text(launches[0].order.step_share->cores) == "1");
}

TEST_CASE("exact contradicts sharing") {
  StepSite site;
  model::StepSpec spec;
  spec.exact = true;
  spec.binding.overcommit = true;
  const auto refused = site.start(spec);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().text, Contains("leave out one of them"));
}
