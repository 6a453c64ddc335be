// Which nodes waiting jobs need, by table: a pool, what it has and runs, what waits, and how many
// nodes are to be there for that.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/controller.h"
#include "tests/support/pool_site.h"

using namespace support;
using namespace std::chrono_literals;

namespace {

struct Case {
  std::string name;
  std::vector<JobBuilder> jobs;  // in this order
  int wanted;                    // nodes
};

std::vector<Case> cases() {
  return {
      {"nothing waits", {}, 0},
      {"a job on a core of one of four", {job().tasks(1)}, 1},
      {"four such jobs share a node",
       {job().tasks(1), job().tasks(1), job().tasks(1), job().tasks(1)},
       1},
      {"five do not",
       {job().tasks(1), job().tasks(1), job().tasks(1), job().tasks(1), job().tasks(1)},
       2},
      {"tasks spread over nodes", {job().tasks(9)}, 3},
      {"a gang comes whole", {job().nodes(3)}, 3},
      {"two gangs that share nodes",
       {job().nodes(3).tasks_per_node(2), job().nodes(3).tasks_per_node(2)},
       3},
      {"two gangs that cannot",
       {job().nodes(3).tasks_per_node(3), job().nodes(3).tasks_per_node(3)},
       3},
      {"a small job fits beside a gang", {job().nodes(3).tasks_per_node(3), job().tasks(1)}, 3},
      {"a gang of all", {job().nodes(4)}, 4},
      {"a held job counts for nothing", {job().nodes(4).hold()}, 0},
      {"nor one that begins later", {job().nodes(4).begin(base::time_from_us(9'000'000'000))}, 0},
      {"a job with GPUs, two on a node", {job().gpus_per_node(2), job().gpus_per_node(2)}, 2},
      {"an array counts its tasks", {job().tasks(2).array("0-5")}, 3},
      {"of an array with a limit, what may run", {job().tasks(4).array("0-9%2")}, 2},
  };
}

}  // namespace

TEST_CASE("a pool has as many nodes as its jobs need") {
  for (const auto& each : cases()) {
    PoolSite site({.least = 0, .most = 4});
    INFO(each.name);
    std::vector<model::JobId> jobs;
    for (const auto& builder : each.jobs) REQUIRE(site.controller.submit(*builder).has_value());
    site.bring_up();
    CHECK(site.n_there() == each.wanted);
    site.bring_up();  // the same demand, the same nodes
    CHECK(site.n_there() == each.wanted);
    CHECK(site.n_created() == each.wanted);
  }
}

TEST_CASE("nodes come for what quotas allow only") {
  PoolSite site({.least = 0, .most = 4},
                {.quotas = {{.limits = {{model::QuotaResource::nodes, 2}}}}});
  for (int i = 0; i < 4; ++i) REQUIRE(site.controller.submit(*job().tasks(4)).has_value());
  site.bring_up();
  CHECK(site.n_there() == 2);
}

TEST_CASE("nodes come for jobs that have their licenses") {
  PoolSite site({.least = 0, .most = 4}, {.licenses = {{"solver", 1}}});
  for (int i = 0; i < 3; ++i) {
    auto spec = **job().tasks(4);
    spec.licenses = {{"solver", 1}};
    REQUIRE(site.controller.submit(std::make_shared<const model::JobSpec>(spec)).has_value());
  }
  site.bring_up();
  CHECK(site.n_there() == 1);
}

TEST_CASE("a job that names its node gets that one") {
  PoolSite site({.least = 0, .most = 4});
  auto spec = **job().tasks(1);
  spec.choice.only = {"n3"};
  REQUIRE(site.controller.submit(std::make_shared<const model::JobSpec>(spec)).has_value());
  site.bring_up();
  CHECK(site.life("n3") == model::NodeLife::up);
  CHECK(site.n_there() == 1);
  spec.choice = {};
  spec.choice.never = {"n1", "n3"};
  REQUIRE(site.controller.submit(std::make_shared<const model::JobSpec>(spec)).has_value());
  site.bring_up();
  CHECK(site.life("n2") == model::NodeLife::up);
  CHECK(site.n_there() == 2);
}

TEST_CASE("a gang beside small jobs gets the nodes that it lacks, and they stay for it") {
  PoolSite site({.least = 0, .most = 4});
  const auto small = site.controller.submit(*job().tasks(3));
  site.bring_up();
  CHECK(site.controller.state_of(*small) == model::JobState::starting);
  const auto gang = site.controller.submit(*job().nodes(4).tasks_per_node(4));
  site.bring_up();
  CHECK(site.n_there() == 4);
  site.controller.pass(1h);
  CHECK(site.n_there() == 4);
  site.controller.run(*small);
  CHECK(site.controller.state_of(*gang) == model::JobState::starting);
}

TEST_CASE("a node that is kept for a job which grows does not go, however long that takes") {
  PoolSite site({.least = 0, .most = 2});
  const auto other = site.controller.submit(*job().tasks(4));
  site.bring_up();
  const auto id =
      site.controller.submit(*job().nodes(1).up_to_nodes(2).tasks_per_node(4).grow_after(10min));
  site.bring_up();
  REQUIRE(id.has_value());
  const auto& grower = site.controller.engine().state().jobs.at(*id);
  REQUIRE(scheduler::active_attempt(grower) != nullptr);
  (void)site.controller.give(
      scheduler::NodeSaysStarted{scheduler::active_attempt(grower)->batch.node, {*id, 1, {}}});
  site.controller.pass(8min);
  site.controller.run(*other);
  CHECK(site.n_in(model::NodeLife::up) == 2);
  site.controller.pass(2min);
  CHECK(scheduler::is_growing(grower));
  site.controller.pass(1h);
  CHECK(site.n_in(model::NodeLife::up) == 2);
}

TEST_CASE("a job gets a node where it has failed when there are no others, and only then") {
  PoolSite site({.least = 0, .most = 4});
  const auto fails_and_waits = [&](JobBuilder request) {
    const auto id =
        *site.controller.submit(*request.restart("on=exit backoff=10m max=9 avoid-nodes"));
    site.bring_up();
    const auto share = scheduler::active_attempt(site.controller.engine().state().jobs.at(id))
                           ->allocation.nodes.front();
    (void)site.controller.give(scheduler::NodeSaysEnded{
        share.node, failure({id, 1, {}}, model::Cause::exit_code, 1, share.name)});
    site.controller.pass(6min);
    site.bring_up();
    CHECK(site.n_there() == 0);
    site.controller.pass(5min);
    site.bring_up();
    return id;
  };
  const auto nodes_of = [&](model::JobId id) {
    const auto* attempt = scheduler::active_attempt(site.controller.engine().state().jobs.at(id));
    std::string names;
    if (attempt == nullptr) return names;
    for (const auto& share : attempt->allocation.nodes) names += share.name + " ";
    return names;
  };
  const auto one = fails_and_waits(job().tasks(4));
  CHECK(nodes_of(one) == "n2 ");
  (void)site.controller.give(
      scheduler::NodeSaysEnded{site.controller.node_id("n2"), success({one, 2, {}})});
  site.controller.pass(6min);
  site.bring_up();
  const auto all = fails_and_waits(job().nodes(4).tasks_per_node(4));
  CHECK(nodes_of(all) == "n1 n2 n3 n4 ");
}

TEST_CASE("nodes come only for jobs that end before they do") {
  PoolSite site({.least = 0, .most = 4, .life = 20min});
  const auto limited = [](base::Duration limit) {
    auto spec = **job().tasks(1);
    spec.time_limit = limit;
    return std::make_shared<const model::JobSpec>(spec);
  };
  // Half a minute, one to join in, and by how much its end is taken to be earlier than it is.
  const auto stay = 20min - 30s - 1min - scheduler::end_grain(20min);
  const auto refused = site.controller.submit(limited(stay + 1s));
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().text, Catch::Matchers::Contains("the most that can run is --time="));
  CHECK_FALSE(site.controller.submit(*job().tasks(1)).has_value());  // without a limit
  REQUIRE(site.controller.submit(limited(stay)).has_value());
  site.bring_up();
  CHECK(site.n_there() == 1);
}
