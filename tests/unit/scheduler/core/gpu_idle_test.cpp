// Stories of jobs whose GPUs do nothing.

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;
using scheduler::IdleGpus;

namespace {

model::NodeInfo gpu_node(const std::string& name) {
  auto info = node(name, 2);
  info.topology.gpus.resize(2);
  return info;
}

struct GpuSite {
  explicit GpuSite(IdleGpus action = IdleGpus::told) : controller(settings(action)) {
    controller.join(gpu_node("n1"));
    job_id = *controller.submit(*job().gpus_per_node(1).saves(0s));
    start();
  }
  static scheduler::Settings settings(IdleGpus action) {
    scheduler::Settings made;
    made.gpu_idle_notice = 30min;
    made.idle_gpus = action;
    scheduler::Class only{.name = "normal", .grace = 20s, .max_preemptions = 2};
    made.classes = scheduler::Classes({only}, "normal");
    return made;
  }
  void start() {
    (void)controller.give(scheduler::NodeSaysStarted{controller.node_id("n1"), script()});
  }
  model::LaunchKey script() const {
    return {job_id, controller.engine().state().jobs.at(job_id).attempts, {}};
  }
  std::vector<scheduler::Action> say(std::optional<base::Time> since) {
    return controller.give(scheduler::NodeSaysGpus{controller.node_id("n1"), script(), since});
  }
  void end(const model::LaunchKey& key, int code) {
    auto report = code == 0 ? success(key) : failure(key, model::Cause::exit_code, code);
    (void)controller.give(scheduler::NodeSaysEnded{controller.node_id("n1"), report});
  }
  std::optional<base::Time> idle_since() const {
    return scheduler::gpus_idle_since(controller.engine().state().jobs.at(job_id));
  }

  Controller controller;
  model::JobId job_id{1};
};

}  // namespace

TEST_CASE("GPUs that do nothing are known until they work again") {
  GpuSite site;
  const auto since = site.controller.now();
  (void)site.say(since);
  CHECK(site.idle_since() == since);
  const auto n_facts = site.controller.facts().size();
  (void)site.say(since);
  CHECK(site.controller.facts().size() == n_facts);
  (void)site.say(std::nullopt);
  CHECK_FALSE(site.idle_since());
  CHECK(site.controller.state_of(site.job_id) == JobState::running);
}

TEST_CASE("a job whose GPUs do nothing is cancelled where the cluster wants that") {
  GpuSite site(IdleGpus::cancelled);
  const auto actions = site.say(site.controller.now());
  CHECK(only<scheduler::SendStop>(actions).size() == 1);
  site.controller.run(site.job_id, 143);
  CHECK(site.controller.state_of(site.job_id) == JobState::cancelled);
}

TEST_CASE("or it is preempted: it may save its work, and waits again") {
  GpuSite site(IdleGpus::preempted);
  const auto since = site.controller.now();
  const auto saves = only<scheduler::SendSave>(site.say(since));
  CHECK(saves.size() == 1);
  const auto phase = site.controller.engine().state().jobs.at(site.job_id).phase;
  REQUIRE(std::holds_alternative<scheduler::Ending>(phase));
  CHECK(describe(std::get<scheduler::Ending>(phase).why) ==
        "the script was preempted: its GPUs have done nothing since " + to_text(since) +
            "; [limits] gpu_idle_action is \"preempt\"");
  CHECK(std::get<scheduler::Ending>(phase).stop_at == since + 20s);
  site.end(site.script(), 143);
  CHECK(site.controller.state_of(site.job_id) == JobState::starting);
  CHECK(site.script().attempt == 2);
}

TEST_CASE("one that was preempted as often as its class allows is cancelled") {
  GpuSite site(IdleGpus::preempted);
  for (int i = 0; i < 2; ++i) {
    (void)site.say(site.controller.now());
    site.end(site.script(), 143);
    site.start();
    CHECK(site.controller.state_of(site.job_id) == JobState::running);
  }
  CHECK(only<scheduler::SendStop>(site.say(site.controller.now())).size() == 1);
  site.end(site.script(), 143);
  CHECK(site.controller.state_of(site.job_id) == JobState::cancelled);
}

TEST_CASE("a job is idle from when the last of it that worked has ended, which nothing reports") {
  GpuSite site(IdleGpus::cancelled);
  auto& controller = site.controller;
  const auto n1 = controller.node_id("n1");
  auto spec = std::make_shared<model::StepSpec>();
  spec->arguments = {"./a.out"};
  const auto reply =
      controller.ask(scheduler::StartStep{controller.next_request(), user(), site.job_id, 1, spec});
  REQUIRE(reply);
  const model::LaunchKey step{site.job_id, 1, model::StepId(0)};
  (void)controller.give(scheduler::NodeSaysStarted{n1, step});
  (void)site.say(controller.now());
  CHECK(controller.state_of(site.job_id) == JobState::running);
  site.end(step, 0);
  CHECK(controller.state_of(site.job_id) == JobState::ending);
}
