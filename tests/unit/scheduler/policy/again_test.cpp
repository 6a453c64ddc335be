// Stories of jobs that start again where they were: on the nodes that are left to them.

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/rack.h"

using namespace support;
using namespace std::chrono_literals;
using model::Cause;
using model::JobState;

TEST_CASE("a job that lost a node starts at once on the others that it had, and a spare one") {
  Rack cluster(4);
  const auto hurt = cluster.submit(job().nodes(4));
  const auto waits_longer = cluster.submit(job().nodes(2));
  cluster.join("n0");  // the spare; the first in the order of names
  REQUIRE(cluster.nodes_of(hurt) == "n1 n2 n3 n4");
  REQUIRE(cluster.state(waits_longer) == JobState::waiting);
  cluster.lose("n3");
  CHECK(cluster.state(hurt) == JobState::ending);
  const auto actions = cluster.end(hurt);
  CHECK(cluster.nodes_of(hurt) == "n0 n1 n2 n4");
  CHECK(only<scheduler::SendLaunch>(actions).size() == 1);
  CHECK(cluster.state(waits_longer) == JobState::waiting);
}

TEST_CASE("a job of a higher class comes before one that lost a node") {
  Rack cluster(4);
  const auto hurt = cluster.submit(job().nodes(4).of_class("urgent"));
  const auto urgent = cluster.submit(job().nodes(3).of_class("urgent").priority(10));
  cluster.lose("n4");
  (void)cluster.end(hurt);
  CHECK(cluster.nodes_of(urgent) == "n1 n2 n3");
  CHECK(cluster.state(hurt) == JobState::waiting);
}

TEST_CASE("with a pause the nodes are free for others, and no claim is left") {
  auto settings = settings_without_pause();
  settings.requeue_backoff = 5s;
  Rack cluster(4, settings);
  const auto hurt = cluster.submit(job().nodes(4));
  const auto waits_longer = cluster.submit(job().nodes(3));
  cluster.join("n5");
  cluster.lose("n3");
  (void)cluster.end(hurt);
  CHECK(cluster.nodes_of(waits_longer) == "n1 n2 n4");
  cluster.controller.pass(5s);
  CHECK(cluster.state(hurt) == JobState::waiting);
  cluster.controller.run(waits_longer);
  CHECK(cluster.nodes_of(hurt) == "n1 n2 n4 n5");
}

TEST_CASE("a job that fails starts again where it was, also after its pause") {
  Rack cluster(3);
  const auto first = cluster.submit(job());
  const auto failing = cluster.submit(job().nodes(2).restart("on=exit backoff=10s"));
  REQUIRE(cluster.nodes_of(failing) == "n2 n3");
  cluster.controller.run(first);
  (void)cluster.end(failing, Cause::exit_code, 3);
  CHECK(cluster.state(failing) == JobState::waiting);
  cluster.controller.pass(10s);
  CHECK(cluster.nodes_of(failing) == "n2 n3");
  const auto avoiding = cluster.submit(job().restart("on=exit backoff=0s avoid-nodes"));
  REQUIRE(cluster.nodes_of(avoiding) == "n1");
  cluster.join("n4");
  (void)cluster.end(avoiding, Cause::exit_code, 3);
  CHECK(cluster.nodes_of(avoiding) == "n4");
}

TEST_CASE("nodes that have been taken in the meantime are not waited for") {
  Rack cluster(4);
  const auto failing = cluster.submit(job().nodes(2).restart("on=exit backoff=10s"));
  REQUIRE(cluster.nodes_of(failing) == "n1 n2");
  (void)cluster.end(failing, Cause::exit_code, 3);
  REQUIRE(cluster.nodes_of(cluster.submit(job())) == "n1");
  cluster.controller.pass(10s);
  CHECK(cluster.nodes_of(failing) == "n2 n3");
}

TEST_CASE("the one that takes the place of a lost node is below the same switch") {
  Controller controller(settings_without_pause());
  const auto join = [&](std::string name, std::string above) {
    auto info = node(std::move(name), 1);
    info.switches = {"top", std::move(above)};
    controller.join(info);
  };
  for (const std::string name : {"n2", "n3", "n5"}) join(name, "leaf1");
  join("n1", "leaf2");
  const auto hurt = *controller.submit(*job().nodes(3));
  join("n4", "leaf1");
  (void)controller.give(scheduler::NodeGone{controller.node_id("n5")});
  controller.pass(scheduler::Settings().node_timeout);
  (void)controller.give(scheduler::NodeSaysEnded{controller.node_id("n2"),
                                                 failure({hurt, 1, {}}, Cause::signal, 15, "n2")});
  const auto* attempt = scheduler::active_attempt(controller.engine().state().jobs.at(hurt));
  REQUIRE(attempt != nullptr);
  CHECK(model::node_names(attempt->allocation) == std::vector<std::string>{"n2", "n3", "n4"});
}

TEST_CASE(
    "a job with an open number of nodes goes on with fewer when none takes the lost one's place") {
  Rack cluster(4);
  const auto hurt = cluster.submit(job().nodes(2).up_to_nodes(4).tasks_per_node(1));
  const auto waits_longer = cluster.submit(job().nodes(2));
  REQUIRE(cluster.nodes_of(hurt) == "n1 n2 n3 n4");
  cluster.lose("n2");
  (void)cluster.end(hurt);
  CHECK(cluster.nodes_of(hurt) == "n1 n3 n4");
  cluster.join("n5");
  cluster.lose("n1");  // the script's: nothing is left to end
  CHECK(cluster.state(waits_longer) == JobState::waiting);
  CHECK(cluster.nodes_of(hurt) == "n3 n4 n5");
}

TEST_CASE("whoever loses a node without a pause gets all that it had and that is free, always") {
  base::Random random(18);
  int n_again = 0;
  for (int round = 0; round < 25; ++round) {
    const int n_nodes = 4 + static_cast<int>(random.below(6));
    Rack cluster(n_nodes);
    std::vector<model::JobId> jobs;
    for (int i = 0; i < 8; ++i)
      jobs.push_back(cluster.submit(job().nodes(1 + static_cast<int>(random.below(4)))));
    std::set<std::string> lost;
    for (int i = 0; i < 3; ++i) {
      const auto name = "n" + std::to_string(1 + random.below(static_cast<std::uint64_t>(n_nodes)));
      if (!lost.insert(name).second) continue;
      std::map<model::JobId, std::string> before;
      for (const auto id : jobs) before[id] = cluster.nodes_of(id);
      cluster.lose(name);
      for (const auto id : jobs) {
        if (cluster.state(id) == JobState::ending) (void)cluster.end(id);
        const auto now = cluster.nodes_of(id);
        if (before[id] == "none" || now == "none" || now == before[id]) continue;
        ++n_again;
        std::istringstream names(before[id]);
        for (std::string each; names >> each;) {
          INFO(before[id] << " became " << now << " without " << name);
          CHECK((each == name || (" " + now + " ").find(" " + each + " ") != std::string::npos));
        }
      }
    }
  }
  CHECK(n_again > 8);
}
