// Stories of processes that outlive SIGKILL: what they hold is nobody's until they are gone.

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::JobState;

namespace {

struct QuarantineSite {
  QuarantineSite() { controller.join(node("n1", 4)); }

  model::Undying undying(int core) const {
    return {.launch = {model::JobId(1), 1, {}},
            .pid = 4711,
            .command = "python3",
            .state = "D",
            .since = controller.now(),
            .cores = model::CoreSet::range(core, 1),
            .gpus = {}};
  }
  std::vector<scheduler::Action> say(std::vector<model::Undying> all) {
    return controller.give(scheduler::NodeSaysUndying{controller.node_id("n1"), std::move(all)});
  }
  int n_free() const {
    return scheduler::n_free_cores(controller.engine().state().nodes.at(controller.node_id("n1")));
  }
  const model::CoreSet& cores_of(model::JobId id) const {
    const auto& job = controller.engine().state().jobs.at(id);
    return scheduler::active_attempt(job)->allocation.nodes.front().cores;
  }

  Controller controller;
};

}  // namespace

TEST_CASE("a core that a process holds is not given away, and the others are") {
  QuarantineSite site;
  (void)site.say({site.undying(0)});
  CHECK(site.n_free() == 3);
  const auto three = *site.controller.submit(*job().tasks(3));
  CHECK(site.controller.state_of(three) == JobState::starting);
  CHECK(to_text(site.cores_of(three)) == "1-3");
}

TEST_CASE("a job that waits for what a process holds is told, and starts when that is gone") {
  QuarantineSite site;
  (void)site.say({site.undying(2)});
  const auto all = *site.controller.submit(*job().tasks(4));
  CHECK(site.controller.state_of(all) == JobState::waiting);
  CHECK_THAT(site.controller.reason_of(all),
             Contains("process 4711 (python3, state D) of job 1 holds core 2 on n1 since"));
  (void)site.say({});
  CHECK(site.controller.state_of(all) == JobState::starting);
}

TEST_CASE("a job that waits for what a process holds lets others go first") {
  QuarantineSite site;
  (void)site.say({site.undying(2)});
  const auto all = *site.controller.submit(*job().tasks(4));
  const auto one = *site.controller.submit(*job().tasks(1));
  CHECK(site.controller.state_of(all) == JobState::waiting);
  CHECK(site.controller.state_of(one) == JobState::starting);
}

TEST_CASE("what a process holds of a job that runs on is still held after its end") {
  QuarantineSite site;
  const auto first = *site.controller.submit(*job().tasks(4));
  (void)site.say({site.undying(1)});
  CHECK(site.n_free() == 0);
  site.controller.run(first);
  CHECK(site.n_free() == 3);
}

TEST_CASE("the same word again is no news, and what the node does not have is not held") {
  QuarantineSite site;
  const auto held = site.undying(1);
  auto far = site.undying(7);
  far.pid = 4712;
  (void)site.say({held, far});
  const auto n_facts = site.controller.facts().size();
  (void)site.say({far, held});
  CHECK(site.controller.facts().size() == n_facts);
  CHECK(site.n_free() == 3);
}

TEST_CASE("a node that comes back says what is held there now") {
  QuarantineSite site;
  (void)site.say({site.undying(1)});
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  auto again = hello(node("n1", 4));
  again.undying = {site.undying(2)};
  (void)site.controller.give(scheduler::NodeHello{again});
  CHECK(site.n_free() == 3);
  CHECK(to_text(scheduler::free_cores(
            site.controller.engine().state().nodes.at(site.controller.node_id("n1")))) == "0-1,3");
  again.undying = {};
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  (void)site.controller.give(scheduler::NodeHello{again});
  CHECK(site.n_free() == 4);
}
