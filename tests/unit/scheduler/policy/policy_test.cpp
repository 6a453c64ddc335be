#include "scheduler/policy/policy.h"

#include "scheduler/policy/place.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using model::JobState;

TEST_CASE("the higher priority goes first, then the earlier submission") {
  Controller controller;
  const auto low = *controller.submit(*job().priority(-5));
  const auto first = *controller.submit(*job());
  const auto second = *controller.submit(*job());
  const auto high = *controller.submit(*job().priority(5));
  controller.join(node("n1", 2));
  CHECK(controller.state_of(high) == JobState::starting);
  CHECK(controller.state_of(first) == JobState::starting);
  CHECK(controller.state_of(second) == JobState::waiting);
  CHECK(controller.state_of(low) == JobState::waiting);
  CHECK(describe(*controller.engine().reason_of(second)) ==
        "needs 1 node with 1 free core each; 0 of 1 node ready have that now; in use by jobs 2, 4");
  CHECK(describe(*controller.engine().reason_of(low)) == "behind job 3, which comes first");
}

TEST_CASE("a job for one pool does not stand before jobs of another") {
  scheduler::Settings settings;
  settings.pools = {"default", "big"};
  Controller controller(settings);
  controller.join(node("n1", 1));
  controller.join(node("b1", 1, 0, "big"));
  const auto first = *controller.submit(*job().pool("default"));
  const auto blocked = *controller.submit(*job().pool("default"));
  const auto other = *controller.submit(*job().pool("big"));
  CHECK(controller.state_of(first) == JobState::starting);
  CHECK(controller.state_of(blocked) == JobState::waiting);
  CHECK(controller.state_of(other) == JobState::starting);
}

TEST_CASE("a job for any pool that waits stands before everything behind it") {
  scheduler::Settings settings;
  settings.pools = {"default", "big"};
  Controller controller(settings);
  controller.join(node("n1", 2));
  controller.join(node("b1", 2, 0, "big"));
  (void)*controller.submit(*job().pool("default"));
  const auto wide = *controller.submit(*job().nodes(2).tasks_per_node(2));
  const auto behind = *controller.submit(*job().pool("big"));
  CHECK(controller.state_of(wide) == JobState::waiting);
  CHECK(describe(*controller.engine().reason_of(behind)) == "behind job 2, which comes first");
}

TEST_CASE("without a number of nodes a job takes one node that fits, else as many as it needs") {
  Controller controller;
  controller.join(node("n1", 2));
  controller.join(node("n2", 4));
  const auto one = *controller.submit(*job().tasks(3));
  const auto& state = controller.engine().state();
  CHECK(scheduler::active_attempt(state.jobs.at(one))->allocation.nodes.at(0).name == "n2");
  const auto two = *controller.submit(*job().tasks(3));
  const auto& nodes = scheduler::active_attempt(state.jobs.at(two))->allocation.nodes;
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0].tasks == 2);
  CHECK(nodes[1].tasks == 1);
}

TEST_CASE("memory and GPUs count like cores") {
  Controller controller;
  controller.join(node("n1", 4, 2));
  const auto a = *controller.submit(*job().gpus_per_node(2));
  const auto b = *controller.submit(*job().gpus_per_node(1));
  CHECK(controller.state_of(a) == JobState::starting);
  CHECK(controller.state_of(b) == JobState::waiting);
  CHECK(to_text(scheduler::active_attempt(controller.engine().state().jobs.at(a))
                    ->allocation.nodes[0]
                    .gpus) == "0-1");

  Controller small;
  small.join(node("n1", 4));
  const auto c = *small.submit(*job().memory_mib(10 * 1024));
  const auto d = *small.submit(*job().memory_mib(10 * 1024));
  CHECK(small.state_of(c) == JobState::starting);
  CHECK(small.state_of(d) == JobState::waiting);
}

TEST_CASE("what can never run is refused with the nearest request that can") {
  Controller controller;
  controller.join(node("n1", 2));
  controller.join(node("n2", 2));
  const auto refusal = [&](const JobBuilder& request) {
    const auto id = controller.submit(*request);
    return id ? "accepted" : id.error().text;
  };
  CHECK(refusal(job().cpus_per_task(3)) ==
        "a task needs 3 cores, but the largest node in this cluster has 2 cores; the most that can "
        "run is "
        "--cpus-per-task=2");
  CHECK(refusal(job().nodes(3)) ==
        "the request is for 3 nodes, but 2 in this cluster could run its tasks; the most that can "
        "run is --nodes=2");
  CHECK(refusal(job().nodes(2).tasks_per_node(3)) ==
        "3 tasks with 1 core each on one node do not fit in this cluster; the most that can run on "
        "2 nodes is "
        "--ntasks-per-node=2");
  CHECK(refusal(job().tasks(5)) ==
        "5 tasks with 1 core each do not fit in this cluster; the most that can run is --ntasks=4");
  CHECK(
      refusal(job().gpus_per_node(1)) ==
      "a node needs 1 GPU, but no node in this cluster has more than 0; leave the GPU options out");
  CHECK(refusal(job().memory_mib(100 * 1024)).ends_with("the most that can run is --mem=8192M"));
  CHECK(refusal(job().pool("defualt")) == "there is no pool 'defualt'; did you mean 'default'?");
  CHECK(refusal(job().nodes(2).tasks(1)).find("every node needs a task") != std::string::npos);
  CHECK(refusal(job().priority(2000)) == "--priority is 2000; expected -1000 to 1000");
  CHECK(controller.facts().size() == 2);
}

TEST_CASE("cores are taken inside one NUMA domain where one has enough") {
  auto info = node("n1", 8);
  info.topology.numa.push_back({.os_index = 1, .memory = {}});
  for (std::size_t i = 4; i < 8; ++i) info.topology.cores[i].numa = 1;
  const auto domains = model::cores_by_numa(info.topology);
  const auto free = model::CoreSet::range(0, 8) - model::CoreSet::range(0, 2);
  CHECK(to_text(model::pick_cores(domains, free, 2)) == "2-3");
  CHECK(to_text(model::pick_cores(domains, free, 3)) == "4-6");
  CHECK(to_text(model::pick_cores(domains, free, 5)) == "2-6");
}

TEST_CASE("nodes are taken in the order of their names, whoever joined first") {
  Controller controller;
  for (const std::string name : {"n10", "n2", "n1"}) controller.join(node(name, 1));
  const auto id = *controller.submit(*job().nodes(2));
  const auto& nodes =
      scheduler::active_attempt(controller.engine().state().jobs.at(id))->allocation.nodes;
  CHECK(nodes.at(0).name == "n1");
  CHECK(nodes.at(1).name == "n2");
}
