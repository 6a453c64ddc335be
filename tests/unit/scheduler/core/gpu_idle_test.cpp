// Stories of jobs whose GPUs do nothing.

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;

namespace {

model::NodeInfo gpu_node(const std::string& name) {
  auto info = node(name, 2);
  info.topology.gpus.resize(2);
  return info;
}

struct GpuSite {
  explicit GpuSite(bool cancels = false) : controller(settings(cancels)) {
    controller.join(gpu_node("n1"));
    job_id = *controller.submit(*job().gpus_per_node(1));
    (void)controller.give(scheduler::NodeSaysStarted{controller.node_id("n1"), script()});
  }
  static scheduler::Settings settings(bool cancels) {
    scheduler::Settings made;
    made.gpu_idle_notice = 30min;
    made.cancels_idle_gpus = cancels;
    return made;
  }
  model::LaunchKey script() const { return {job_id, 1, {}}; }
  std::vector<scheduler::Action> say(std::optional<base::Time> since) {
    return controller.give(scheduler::NodeSaysGpus{controller.node_id("n1"), script(), since});
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
  GpuSite site(true);
  const auto actions = site.say(site.controller.now());
  CHECK(only<scheduler::SendStop>(actions).size() == 1);
  site.controller.run(site.job_id, 143);
  CHECK(site.controller.state_of(site.job_id) == JobState::cancelled);
}
