// Stories of requests that are not for any node: features, kinds of GPU, names, whole nodes, few
// switches, numbers of nodes that are open, licenses.

#include "scheduler/policy/policy.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;

namespace {

model::NodeInfo with_features(model::NodeInfo info, std::vector<std::string> features) {
  info.features = std::move(features);
  return info;
}

model::NodeInfo below(model::NodeInfo info, std::vector<std::string> switches) {
  info.switches = std::move(switches);
  return info;
}

model::NodeInfo with_gpus(std::string name, const std::string& kind) {
  auto info = node(std::move(name), 4, 2);
  for (auto& gpu : info.topology.gpus) gpu.kind = kind;
  return info;
}

template <class Change>
std::shared_ptr<const model::JobSpec> changed(const JobBuilder& builder, Change change) {
  auto spec = **builder;
  change(spec);
  return std::make_shared<const model::JobSpec>(std::move(spec));
}

std::shared_ptr<const model::JobSpec> constrained(const JobBuilder& builder,
                                                  std::string_view constraint) {
  return changed(builder, [&](model::JobSpec& spec) {
    spec.choice.constraint = *model::constraint_from_text(constraint);
  });
}

std::string nodes_of(const Controller& controller, model::JobId job) {
  const auto* attempt = scheduler::active_attempt(controller.engine().state().jobs.at(job));
  if (attempt == nullptr) return "none";
  std::string names;
  for (const auto& share : attempt->allocation.nodes)
    names += (names.empty() ? "" : " ") + share.name;
  return names;
}

std::string refusal(Controller& controller, std::shared_ptr<const model::JobSpec> spec) {
  const auto job = controller.submit(std::move(spec));
  return job ? "accepted" : job.error().text;
}

}  // namespace

TEST_CASE("a constraint picks the nodes that have the features") {
  Controller controller;
  controller.join(with_features(node("n1", 1), {"ib"}));
  controller.join(with_features(node("n2", 1), {"bigmem", "ib"}));
  controller.join(with_features(node("n3", 1), {"gpfs"}));
  CHECK(nodes_of(controller, *controller.submit(constrained(job(), "ib&bigmem"))) == "n2");
  CHECK(nodes_of(controller, *controller.submit(constrained(job(), "bigmem|gpfs"))) == "n3");
  const auto waits = *controller.submit(constrained(job(), "bigmem|gpfs"));
  CHECK(controller.reason_of(waits) ==
        "needs 1 node with 1 free core each; 0 of 2 nodes ready have that now; in use by jobs 1, "
        "2");
  CHECK(nodes_of(controller, *controller.submit(*job())) == "n1");
}

TEST_CASE("features and kinds of GPU that no node has are refused with those that there are") {
  Controller controller;
  controller.join(with_features(with_gpus("n1", "NVIDIA H100 80GB HBM3"), {"bigmem", "ib"}));
  controller.join(with_features(node("n2", 4), {"roce"}));
  CHECK(refusal(controller, constrained(job(), "bigmen")) ==
        "there is no feature 'bigmen'; did you mean 'bigmem'?");
  CHECK(refusal(controller, constrained(job(), "ib&roce")) ==
        "no node in this cluster has all that is asked for: --constraint=ib&roce");
  const auto of_kind = [](std::string kind) {
    return changed(job().gpus_per_node(1),
                   [&](model::JobSpec& spec) { spec.choice.gpu_kind = std::move(kind); });
  };
  CHECK(refusal(controller, of_kind("a100")) ==
        "there is no kind of GPU 'a100'; known are NVIDIA H100 80GB HBM3");
  CHECK(refusal(controller, of_kind("h100")) == "accepted");
  CHECK(refusal(controller, of_kind("H100-80gb")) == "accepted");
}

TEST_CASE("a job for one kind of GPU leaves those of another alone") {
  Controller controller;
  controller.join(with_gpus("a1", "NVIDIA A100-SXM4-80GB"));
  controller.join(with_gpus("h1", "NVIDIA H100 80GB HBM3"));
  const auto on_h100 =
      changed(job().gpus_per_node(2), [](model::JobSpec& spec) { spec.choice.gpu_kind = "h100"; });
  CHECK(nodes_of(controller, *controller.submit(on_h100)) == "h1");
  CHECK(nodes_of(controller, *controller.submit(on_h100)) == "none");
  CHECK(nodes_of(controller, *controller.submit(*job().gpus_per_node(1))) == "a1");
}

TEST_CASE("listed nodes are the only ones, excluded ones are not used") {
  Controller controller;
  for (const auto* name : {"n1", "n2", "n3"}) controller.join(node(name, 2));
  const auto on = [](std::vector<std::string> only, std::vector<std::string> never) {
    return changed(job().tasks(2), [&](model::JobSpec& spec) {
      spec.choice.only = std::move(only);
      spec.choice.never = std::move(never);
    });
  };
  CHECK(nodes_of(controller, *controller.submit(on({"n2", "n3"}, {}))) == "n2");
  CHECK(nodes_of(controller, *controller.submit(on({}, {"n1"}))) == "n3");
  const auto waits = *controller.submit(on({"n2", "n3"}, {"n3"}));
  CHECK(nodes_of(controller, waits) == "none");
  CHECK(controller.reason_of(waits) ==
        "needs 2 free cores in all; 1 node ready has less free now; in use by job 1");
  CHECK(nodes_of(controller, *controller.submit(*job().tasks(2))) == "n1");
  CHECK(refusal(controller, on({"n4"}, {})) == "there is no node 'n4'; did you mean 'n1'?");
  CHECK(refusal(controller, on({"n1"}, {"n1"})) ==
        "--nodelist and --exclude leave no node in this cluster that the request may use; name "
        "other nodes");
  CHECK(refusal(controller, changed(job().nodes(3),
                                    [](model::JobSpec& spec) { spec.choice.never = {"n2"}; })) ==
        "the request is for 3 nodes, but 2 among those that it may use could run its tasks; the "
        "most that can run is --nodes=2");
}

TEST_CASE("an exclusive job takes whole nodes and shares them with nobody") {
  Controller controller;
  controller.join(node("n1", 4, 2));
  controller.join(node("n2", 4, 2));
  const auto small = *controller.submit(*job());
  const auto whole = *controller.submit(
      changed(job(), [](model::JobSpec& spec) { spec.shape.whole_nodes = true; }));
  CHECK(nodes_of(controller, small) == "n1");
  CHECK(nodes_of(controller, whole) == "n2");
  const auto& share =
      scheduler::active_attempt(controller.engine().state().jobs.at(whole))->allocation.nodes[0];
  CHECK(share.cores.count() == 4);
  CHECK(share.gpus.count() == 2);
  CHECK(share.tasks == 1);
  const auto second = *controller.submit(
      changed(job(), [](model::JobSpec& spec) { spec.shape.whole_nodes = true; }));
  CHECK(controller.reason_of(second) ==
        "needs 1 node for itself alone with 1 free core each; 0 of 2 nodes ready have that now; in "
        "use by jobs 1, 2");
  controller.run(small);
  CHECK(nodes_of(controller, second) == "n1");
}

TEST_CASE("parts of a job go under one switch where they can, else under few") {
  Controller controller;
  // Two leaves of two nodes each, below one top.
  controller.join(below(node("n1", 1), {"top", "left"}));
  controller.join(below(node("n2", 1), {"top", "right"}));
  controller.join(below(node("n3", 1), {"top", "left"}));
  controller.join(below(node("n4", 1), {"top", "right"}));
  const auto pair = *controller.submit(*job().nodes(2));
  CHECK(nodes_of(controller, pair) == "n1 n3");
  const auto single = *controller.submit(*job());
  CHECK(nodes_of(controller, single) == "n2");
  controller.run(pair);
  CHECK(nodes_of(controller, *controller.submit(*job().nodes(3))) == "n1 n3 n4");
}

TEST_CASE("a job with an open number of nodes starts on as many as there are") {
  Controller controller;
  for (const auto* name : {"n1", "n2", "n3"}) controller.join(node(name, 2));
  const auto open = [](int least, int most, std::optional<int> tasks) {
    return changed(job(), [&](model::JobSpec& spec) {
      spec.shape.nodes = least;
      spec.shape.most_nodes = most;
      spec.shape.tasks = tasks;
      if (!tasks) spec.shape.tasks_per_node = 2;
    });
  };
  const auto wide = *controller.submit(open(1, 8, {}));
  CHECK(nodes_of(controller, wide) == "n1 n2 n3");
  const auto& state = controller.engine().state();
  CHECK(model::n_tasks(scheduler::active_attempt(state.jobs.at(wide))->allocation) == 6);
  const auto waits = *controller.submit(open(2, 3, 4));
  CHECK(nodes_of(controller, waits) == "none");
  controller.run(wide);
  CHECK(nodes_of(controller, waits) == "n1 n2 n3");
  CHECK(model::n_tasks(scheduler::active_attempt(state.jobs.at(waits))->allocation) == 4);
  CHECK(refusal(controller, open(4, 8, {})) ==
        "the request is for 4 nodes, but 3 in this cluster could run its tasks; the most that can "
        "run is --nodes=3");
}

TEST_CASE("licenses are counted over the whole cluster, and waiting for them closes nothing") {
  scheduler::Settings settings;
  settings.licenses = {{"solver", 2}};
  Controller controller(settings);
  controller.join(node("n1", 4));
  const auto with = [](const JobBuilder& builder, int n) {
    return changed(builder, [&](model::JobSpec& spec) { spec.licenses = {{"solver", n}}; });
  };
  const auto holder = *controller.submit(with(job(), 2));
  const auto waits = *controller.submit(with(job(), 1));
  CHECK(nodes_of(controller, holder) == "n1");
  CHECK(controller.reason_of(waits) ==
        "needs 1 of license 'solver'; 0 of 2 free now; in use by job 1");
  CHECK(nodes_of(controller, *controller.submit(*job())) == "n1");
  controller.run(holder);
  CHECK(nodes_of(controller, waits) == "n1");
  CHECK(refusal(controller, with(job(), 3)) ==
        "the request is for 3 of license 'solver', but the cluster has 2; the most that can run is "
        "--licenses=solver:2");
  CHECK(refusal(controller, changed(job(), [](model::JobSpec& spec) {
                  spec.licenses = {{"solvr", 1}};
                })) == "there is no license 'solvr'; did you mean 'solver'?");
}

TEST_CASE("a reservation holds licenses, too") {
  scheduler::Settings settings;
  settings.licenses = {{"solver", 2}};
  Controller controller(settings);
  controller.join(node("n1", 4));
  const auto with = [](const JobBuilder& builder, int n) {
    return changed(builder, [&](model::JobSpec& spec) { spec.licenses = {{"solver", n}}; });
  };
  controller.run(*controller.submit(*job()));  // so that ids are told apart
  const auto holder = *controller.submit(with(job().minutes(10), 1));
  const auto both = *controller.submit(with(job().minutes(10), 2));  // from minute 10 on
  const auto longer = *controller.submit(with(job().minutes(20), 1));
  const auto shorter = *controller.submit(with(job().minutes(5), 1));
  CHECK(nodes_of(controller, holder) == "n1");
  CHECK(nodes_of(controller, both) == "none");
  CHECK(nodes_of(controller, longer) == "none");  // would delay the one before
  CHECK(nodes_of(controller, shorter) == "n1");
}

TEST_CASE("a pool may have its own number of reservations") {
  scheduler::Settings settings;
  settings.pools = {"default", "strict"};
  Controller controller(settings, policy::make({.depth_by_pool = {{"strict", 0}}}));
  controller.join(node("n1", 2));
  controller.join(node("s1", 2, 0, "strict"));
  for (const auto* pool : {"default", "strict"}) {
    const auto runs = *controller.submit(*job().minutes(10).pool(pool));
    const auto wide = *controller.submit(*job().tasks(2).minutes(10).pool(pool));
    const auto passes = *controller.submit(*job().minutes(5).pool(pool));
    CHECK(controller.state_of(runs) == JobState::starting);
    CHECK(controller.state_of(wide) == JobState::waiting);
    const bool may_pass = std::string_view(pool) == "default";
    CHECK(controller.state_of(passes) == (may_pass ? JobState::starting : JobState::waiting));
  }
}
