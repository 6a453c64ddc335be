// Stories of GPUs that are out of service: nobody gets them, and their node works on.

#include "tests/support/catch.h"
#include "tests/support/controller.h"
#include "tests/support/rack.h"

using namespace support;
using Catch::Matchers::Contains;
using model::JobState;

namespace {

scheduler::Settings with_checks() {
  auto settings = settings_without_pause();
  settings.care["default"] = {.pool = "default", .checks = true};
  return settings;
}

struct FailingGpuSite {
  FailingGpuSite() {
    controller.join(node("n1", 4, 2));
    (void)say({});
  }

  model::NodeCondition with(const std::vector<int>& gpus) const {
    model::NodeCondition condition{.since = base::time_from_us(1),
                                   .basis = model::basis_of(with_checks().care.at("default"))};
    for (const int gpu : gpus)
      condition.gpus.push_back({.gpu = gpu, .reason = "Xid 79", .since = base::time_from_us(7)});
    return condition;
  }
  std::vector<scheduler::Action> say(const std::vector<int>& gpus) {
    return controller.give(scheduler::NodeSaysCondition{controller.node_id("n1"), with(gpus)});
  }
  JobState run(int n_gpus) {
    return controller.state_of(*controller.submit(*job().tasks(1).gpus_per_node(n_gpus)));
  }
  const scheduler::Node& n1() const {
    return controller.engine().state().nodes.at(controller.node_id("n1"));
  }

  Controller controller{with_checks()};
};

}  // namespace

TEST_CASE("a failing GPU is not given away, and the other and all cores are") {
  FailingGpuSite site;
  (void)site.say({0});
  CHECK(scheduler::n_free_gpus(site.n1()) == 1);
  CHECK(scheduler::n_free_cores(site.n1()) == 4);
  const auto one = *site.controller.submit(*job().tasks(1).gpus_per_node(1));
  CHECK(site.controller.state_of(one) == JobState::starting);
  const auto& attempt = *scheduler::active_attempt(site.controller.engine().state().jobs.at(one));
  CHECK(to_text(attempt.allocation.nodes.front().gpus) == "1");
}

TEST_CASE(
    "a job that needs both is told why it waits, lets others go first, and starts when both are "
    "well") {
  FailingGpuSite site;
  (void)site.say({1});
  const auto both = *site.controller.submit(*job().tasks(1).gpus_per_node(2));
  CHECK(site.controller.state_of(both) == JobState::waiting);
  CHECK_THAT(site.controller.reason_of(both),
             Contains("on n1 GPU 1 is out of service: Xid 79 (since"));
  CHECK(site.run(0) == JobState::starting);
  (void)site.say({});
  CHECK(site.controller.state_of(both) == JobState::starting);
}

TEST_CASE("a node without a GPU that is well works for those who need none") {
  FailingGpuSite site;
  (void)site.say({0, 1});
  CHECK(site.run(0) == JobState::starting);
  CHECK(site.run(1) == JobState::waiting);
}

TEST_CASE("a job that has the GPU runs on, and nobody gets it after that") {
  FailingGpuSite site;
  const auto first = *site.controller.submit(*job().tasks(1).gpus_per_node(2));
  (void)site.say({0});
  CHECK(scheduler::n_free_gpus(site.n1()) == 0);
  site.controller.run(first);
  CHECK(to_text(scheduler::free_gpus(site.n1())) == "1");
}

TEST_CASE("the same word again is no news, and a GPU that the node does not have is left out") {
  FailingGpuSite site;
  (void)site.say({0, 7});
  CHECK(site.n1().condition->gpus.size() == 1);
  const auto n_facts = site.controller.facts().size();
  (void)site.say({0, 7});
  CHECK(site.controller.facts().size() == n_facts);
}

TEST_CASE("a node that comes back says which GPUs fail now") {
  FailingGpuSite site;
  (void)site.say({0});
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  auto again = hello(node("n1", 4, 2));
  again.condition = site.with({1, 9});
  (void)site.controller.give(scheduler::NodeHello{again});
  CHECK(to_text(scheduler::free_gpus(site.n1())) == "0");
  CHECK(site.controller.engine().state().held_back.size() == 1);
  (void)site.say({});
  CHECK(site.controller.engine().state().held_back.empty());
}
