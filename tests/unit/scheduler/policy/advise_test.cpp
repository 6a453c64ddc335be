// What a request is told before it is submitted, and a job while it waits.

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace std::chrono_literals;
using namespace support;

namespace {

/// A pool of two nodes of four cores, and one of a node with two.
struct TwoPools {
  TwoPools() : controller(two_pools()) {
    controller.join(node("n1", 4));
    controller.join(node("n2", 4));
    controller.join(node("s1", 2, 0, "small"));
  }
  static scheduler::Settings two_pools() {
    scheduler::Settings settings;
    settings.pools = {"default", "small"};
    return settings;
  }
  model::JobId submit(const JobBuilder& request) { return *controller.submit(*request); }
  model::Advice advice(const JobBuilder& request) const {
    return *controller.engine().advise(user(), **request, controller.now());
  }
  model::Advice advice(model::JobId id) const {
    return *controller.engine().advise(id, controller.now());
  }

  Controller controller;
};

std::string value_of(const model::Advice& advice, std::string_view option) {
  const auto found = std::ranges::find(advice.changes, option, &model::Change::option);
  return found == advice.changes.end() ? "" : found->value;
}

}  // namespace

TEST_CASE("a request that fits would start now") {
  TwoPools cluster;
  CHECK(cluster.advice(job().tasks(4)) == model::Advice{.starts_now = true});
}

TEST_CASE("a request that does not fit is told when, and what would fit") {
  TwoPools cluster;
  (void)cluster.submit(job().nodes(2).tasks_per_node(3).minutes(60));
  const auto advice = cluster.advice(job().nodes(2).tasks_per_node(2).minutes(30).pool("default"));
  CHECK_FALSE(advice.starts_now);
  CHECK(advice.start == cluster.controller.now() + 60min);
  CHECK(value_of(advice, "--nodes").empty());
  const auto narrow = cluster.advice(job().tasks(2).cpus_per_task(2).minutes(30).pool("default"));
  CHECK(value_of(narrow, "--cpus-per-task") == "1");
  CHECK(value_of(narrow, "--ntasks").empty());
  CHECK(value_of(cluster.advice(job().tasks(2).minutes(30).nodes(1).pool("default")), "--pool") ==
        "small");
}

TEST_CASE("a job whose roles say what they need is not advised to ask for less") {
  TwoPools cluster;
  (void)cluster.submit(job().nodes(2).tasks_per_node(3).minutes(60));
  auto request = **job().nodes(1).tasks(1).cpus_per_task(3).minutes(30).pool("default");
  const auto advise = [&] {
    return *cluster.controller.engine().advise(user(), request, cluster.controller.now());
  };
  CHECK(value_of(advise(), "--cpus-per-task") == "1");
  request.roles = {{.name = "worker", .count = 3, .cores = 1}};
  CHECK(advise().changes.empty());
}

TEST_CASE("a shorter limit is advised where one would do") {
  TwoPools cluster;
  (void)cluster.submit(job().nodes(2).tasks_per_node(3).minutes(60).pool("default"));
  (void)cluster.submit(job().nodes(2).tasks_per_node(4).minutes(60).pool("default"));
  const auto later = cluster.submit(job().tasks(1).minutes(90).pool("default"));
  const auto advice = cluster.advice(later);
  CHECK(value_of(advice, "--time") == "60m");
  CHECK(advice.start == cluster.controller.now() + 120min);
  (void)cluster.submit(job().tasks(1).minutes(60).pool("default"));
  CHECK(cluster.controller.state_of(later) == model::JobState::waiting);
}

TEST_CASE("the advice for a class that comes first does not wait for the others") {
  TwoPools cluster;
  (void)cluster.submit(job().nodes(2).tasks_per_node(4).minutes(60).pool("default"));
  (void)cluster.submit(job().nodes(2).tasks_per_node(4).minutes(60).pool("default"));
  const auto request = job().nodes(1).tasks_per_node(4).minutes(10).pool("default");
  CHECK(cluster.advice(request).start == cluster.controller.now() + 120min);
  auto urgent = request;
  CHECK(cluster.advice(urgent.of_class("urgent")).start == cluster.controller.now() + 60min);
}

TEST_CASE("who would make room is said before anybody is ended") {
  TwoPools cluster;
  const auto low =
      cluster.submit(job().nodes(2).tasks_per_node(4).minutes(60).pool("default").of_class("low"));
  const auto advice =
      cluster.advice(job().nodes(2).tasks_per_node(4).pool("default").of_class("urgent"));
  CHECK(advice.victims == std::vector{low});
  CHECK(advice.start == cluster.controller.now() + 1s);
  CHECK(cluster.controller.state_of(low) == model::JobState::starting);
}

TEST_CASE("behind a job of its kind that nobody overtakes, no job could start now") {
  TwoPools cluster;
  (void)cluster.submit(job().nodes(2).tasks_per_node(3).pool("default"));
  (void)cluster.submit(job().nodes(2).tasks_per_node(2).pool("default"));
  const auto second = cluster.submit(job().nodes(2).tasks_per_node(2).pool("default"));
  const auto advice = cluster.advice(second);
  CHECK_FALSE(advice.starts_now);
  CHECK(value_of(advice, "--nodes").empty());
  CHECK(value_of(advice, "--pool").empty());
}

TEST_CASE("what would be refused is refused") {
  TwoPools cluster;
  const auto& engine = cluster.controller.engine();
  CHECK(engine.advise(user(), **job().tasks(11), cluster.controller.now()).error().code ==
        base::Code::invalid);
  CHECK(engine.advise(model::JobId(7), cluster.controller.now()).error().code ==
        base::Code::not_found);
  const auto running = cluster.submit(job().tasks(1));
  CHECK(engine.advise(running, cluster.controller.now()).error().code == base::Code::conflict);
}

TEST_CASE("with what is advised, the job starts") {
  for (int tasks = 1; tasks <= 8; ++tasks) {
    TwoPools cluster;
    (void)cluster.submit(job().tasks(tasks).minutes(60).pool("default"));
    (void)cluster.submit(job().nodes(2).tasks_per_node(3).minutes(60).pool("default"));
    const auto asked = cluster.advice(job().tasks(8).minutes(120).pool("default"));
    if (const auto n = value_of(asked, "--ntasks"); !n.empty()) {
      const auto id = cluster.submit(job().tasks(std::stoi(n)).minutes(120).pool("default"));
      CHECK(cluster.controller.state_of(id) == model::JobState::starting);
    }
  }
}
