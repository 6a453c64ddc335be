// Who makes room for whom: stories of preemption, and what holds for every one.

#include <algorithm>
#include <set>

#include "lib/base/random.h"
#include "scheduler/policy/preempt.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::JobState;
using scheduler::SendSave;
using scheduler::SendStop;

namespace {

/// Nodes of four cores. A job that is stopped, or saves its work, ends when the test says so.
class Cluster {
 public:
  explicit Cluster(int n_nodes = 1, scheduler::Settings settings = {})
      : controller(std::move(settings)) {
    for (int i = 1; i <= n_nodes; ++i) controller.join(node("n" + std::to_string(i), 4));
  }

  model::JobId submit(const JobBuilder& request) { return *controller.submit(*request); }
  model::JobId start(const JobBuilder& request) {
    const auto id = submit(request);
    tell_started(id);
    return id;
  }
  void tell_started(model::JobId id) {
    (void)controller.give(scheduler::NodeSaysStarted{node_of(id), key(id)});
  }
  std::vector<scheduler::Action> end(model::JobId id, int code = 0) {
    auto report = code == 0 ? success(key(id)) : failure(key(id), model::Cause::exit_code, code);
    return controller.give(scheduler::NodeSaysEnded{node_of(id), report});
  }
  void checkpoint(model::JobId id) {
    REQUIRE(controller.ask(scheduler::CheckpointJob{controller.next_request(), user(), id}));
  }

  JobState state(model::JobId id) const { return controller.state_of(id); }
  const scheduler::Job& job_at(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  std::string reason(model::JobId id) const { return describe(*controller.engine().reason_of(id)); }
  model::NodeId node_of(model::JobId id) const {
    return scheduler::active_attempt(job_at(id))->batch.node;
  }
  model::LaunchKey key(model::JobId id) const { return {id, job_at(id).attempts, std::nullopt}; }

  Controller controller;
};

JobBuilder low(int tasks) {
  return job().tasks(tasks).minutes(600).of_class("low");
}

JobBuilder urgent(int tasks) {
  return job().tasks(tasks).minutes(60).of_class("urgent");
}

std::set<model::JobId> preempted(const Cluster& cluster) {
  std::set<model::JobId> jobs;
  for (const auto& fact : cluster.controller.facts()) {
    if (const auto* found = std::get_if<model::AttemptPreempted>(&fact.body))
      jobs.insert(found->job);
  }
  return jobs;
}

}  // namespace

TEST_CASE("nobody is ended for a core that comes free for nobody") {
  Cluster cluster;
  const auto victim = cluster.start(low(4));
  const auto node = cluster.node_of(victim);
  const model::Undying undying{.launch = {victim, 1, {}},
                               .pid = 4711,
                               .command = "python3",
                               .state = "D",
                               .since = cluster.controller.now(),
                               .cores = model::CoreSet::range(0, 1),
                               .gpus = {}};
  (void)cluster.controller.give(scheduler::NodeSaysUndying{node, {undying}});
  (void)cluster.submit(urgent(4));
  CHECK(preempted(cluster).empty());
  (void)cluster.controller.give(scheduler::NodeSaysUndying{node, {}});
  CHECK(preempted(cluster) == std::set{victim});
}

TEST_CASE(
    "an urgent job starts when the low one that makes room is gone, and that one starts again") {
  Cluster cluster;
  const auto victim = cluster.start(low(4));
  const auto preemptor = cluster.submit(urgent(4));
  CHECK(cluster.state(victim) == JobState::ending);
  CHECK(cluster.reason(preemptor).starts_with("job " + to_text(victim) +
                                              " is being ended to make room"));
  (void)cluster.end(victim, 143);
  CHECK(cluster.state(preemptor) == JobState::starting);
  CHECK(cluster.state(victim) == JobState::waiting);
  CHECK(cluster.job_at(victim).earlier.front().why.cause == model::Cause::preempted);
  (void)cluster.end(preemptor);
  CHECK(cluster.state(victim) == JobState::starting);
  CHECK(cluster.job_at(victim).attempts == 2);
}

TEST_CASE("nobody is ended who could not make room") {
  Cluster cluster;
  (void)cluster.start(job().tasks(3).minutes(600));
  const auto beside = cluster.start(low(1));
  const auto too_wide = cluster.submit(urgent(4));
  CHECK(cluster.state(beside) == JobState::running);
  CHECK(cluster.state(too_wide) == JobState::waiting);
}

TEST_CASE("nobody is ended for a job that can start as soon without") {
  Cluster cluster;
  const auto victim = cluster.start(low(3));
  const auto short_one = cluster.start(job().tasks(1).minutes(1));
  cluster.controller.pass(59500ms);
  const auto preemptor = cluster.submit(urgent(1));
  CHECK(cluster.state(victim) == JobState::running);
  (void)cluster.end(short_one);
  CHECK(cluster.state(preemptor) == JobState::starting);
}

TEST_CASE("of two jobs, the one that loses less work makes room") {
  Cluster cluster;
  const auto older = cluster.start(low(2));
  cluster.controller.pass(30min);
  const auto younger = cluster.start(low(2));
  cluster.controller.pass(10min);
  SECTION("the younger one as a rule") {
    (void)cluster.submit(urgent(2));
    CHECK(preempted(cluster) == std::set{younger});
  }
  SECTION("the older one when it has just saved its work") {
    cluster.checkpoint(older);
    (void)cluster.submit(urgent(2));
    CHECK(preempted(cluster) == std::set{older});
  }
}

TEST_CASE("only as many make room as are needed") {
  Cluster cluster;
  for (int i = 0; i < 4; ++i) (void)cluster.start(low(1));
  (void)cluster.submit(urgent(2));
  CHECK(preempted(cluster).size() == 2);
}

TEST_CASE("a wide victim is spared where cheap ones on one node suffice") {
  Cluster cluster(2);
  const auto gang = cluster.start(job().nodes(2).tasks_per_node(2).minutes(600).of_class("low"));
  std::set<model::JobId> narrow;
  for (int i = 0; i < 2; ++i) narrow.insert(cluster.start(low(2)));
  (void)cluster.submit(urgent(2));
  CHECK(preempted(cluster).size() == 1);
  CHECK_FALSE(preempted(cluster).contains(gang));
}

TEST_CASE("a gang gets whole nodes by the preemption of what is on them") {
  Cluster cluster(3);
  for (int i = 0; i < 6; ++i) (void)cluster.start(low(2));
  const auto gang = cluster.submit(job().nodes(2).tasks_per_node(4).minutes(60).of_class("urgent"));
  const auto victims = preempted(cluster);
  CHECK(victims.size() == 4);
  for (const auto victim : victims) (void)cluster.end(victim, 143);
  CHECK(cluster.state(gang) == JobState::starting);
}

TEST_CASE("a job that asked for a signal gets it and the grace of its class") {
  Cluster cluster;
  const auto victim = cluster.start(low(4).saves(1min));
  const auto actions = cluster.controller.give(
      scheduler::SubmitJob{cluster.controller.next_request(), user(), *urgent(4)});
  CHECK(only<SendSave>(actions).size() == 1);
  CHECK(only<SendStop>(actions).empty());
  SECTION("by exiting early it makes room early, and starts again whatever its exit code") {
    cluster.controller.pass(2s);
    (void)cluster.end(victim, 0);
    CHECK(cluster.state(victim) == JobState::waiting);
  }
  SECTION("after the grace it is ended") {
    cluster.controller.pass(29s);
    CHECK(cluster.job_at(victim).phase.index() == 3);
    CHECK(std::get<scheduler::Ending>(cluster.job_at(victim).phase).stop_at.has_value());
    cluster.controller.pass(1s);
    CHECK_FALSE(std::get<scheduler::Ending>(cluster.job_at(victim).phase).stop_at.has_value());
  }
}

TEST_CASE("the signal comes before the time limit, too") {
  Cluster cluster;
  const auto id = cluster.start(job().minutes(10).saves(2min));
  cluster.controller.pass(8min - 1s);
  const auto warned = [&cluster] {
    return std::ranges::count_if(cluster.controller.facts(), [](const auto& fact) {
      return std::holds_alternative<model::AttemptWarned>(fact.body);
    });
  };
  CHECK(warned() == 0);
  cluster.controller.pass(1s);
  CHECK(warned() == 1);
  CHECK(cluster.state(id) == JobState::running);
  cluster.controller.pass(2min);
  CHECK(warned() == 1);
  CHECK(cluster.state(id) == JobState::ending);
}

TEST_CASE("room that was made for one job is not given to another") {
  Cluster cluster;
  const auto a = cluster.start(low(2).saves(0s));
  const auto b = cluster.start(low(2).saves(0s));
  const auto preemptor = cluster.submit(urgent(4));
  (void)cluster.end(a, 143);
  const auto opportunist = cluster.submit(job().tasks(2).minutes(1).priority(1000));
  const auto rival = cluster.submit(urgent(2).priority(1000));
  CHECK(cluster.state(opportunist) == JobState::waiting);
  CHECK(cluster.state(rival) == JobState::waiting);
  (void)cluster.end(b, 143);
  CHECK(cluster.state(preemptor) == JobState::starting);
}

TEST_CASE("a job that has made room as often as its class allows is left alone") {
  scheduler::Settings settings;
  auto classes = scheduler::built_in_classes();
  classes.front().max_preemptions = 1;
  settings.classes = {classes, "normal"};
  Cluster cluster(1, settings);
  const auto victim = cluster.start(low(4));
  const auto first = cluster.submit(urgent(4));
  (void)cluster.end(victim, 143);
  (void)cluster.end(first);
  cluster.tell_started(victim);
  const auto second = cluster.submit(urgent(4));
  CHECK(cluster.state(victim) == JobState::running);
  CHECK(cluster.state(second) == JobState::waiting);
}

TEST_CASE("a job that may not be requeued ends as preempted") {
  Cluster cluster;
  const auto victim = cluster.start(low(4).no_requeue());
  (void)cluster.submit(urgent(4));
  (void)cluster.end(victim, 143);
  CHECK(cluster.state(victim) == JobState::preempted);
}

TEST_CASE("a job that makes room can be cancelled and does not start again") {
  Cluster cluster;
  const auto victim = cluster.start(low(4));
  const auto preemptor = cluster.submit(urgent(4));
  REQUIRE(cluster.controller.ask(
      scheduler::CancelJob{cluster.controller.next_request(), user(), victim}));
  (void)cluster.end(victim, 143);
  CHECK(cluster.state(victim) == JobState::cancelled);
  CHECK(cluster.state(preemptor) == JobState::starting);
}

TEST_CASE("classes come before the job's own priority, and only their users may use them") {
  scheduler::Settings settings;
  auto classes = scheduler::built_in_classes();
  classes.back().users = {"user1"};
  settings.classes = {classes, "normal"};
  Cluster cluster(1, settings);
  (void)cluster.start(job().tasks(4).minutes(60));
  const auto high = cluster.submit(job().tasks(4).minutes(60).priority(1000));
  const auto refused = cluster.controller.submit(*urgent(4), user(2));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "class 'urgent' is not for user2, but for user1");
  const auto first = *cluster.controller.submit(*urgent(4).priority(-1000), user(1));
  const auto listed = cluster.controller.engine().priorities(cluster.controller.now());
  REQUIRE(listed.size() == 2);
  CHECK(listed.front().job == first);
  CHECK(listed.back().job == high);
  const auto unknown = cluster.controller.submit(*job().of_class("urgnt"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().text == "there is no class 'urgnt'; did you mean 'urgent'?");
}

namespace {

/// Only urgent jobs make others make room.
scheduler::Settings one_preemptor() {
  auto classes = scheduler::built_in_classes();
  classes[1].preempts.clear();
  scheduler::Settings settings;
  settings.classes = {classes, "normal"};
  return settings;
}

/// A random cluster full of low jobs that hold different amounts for different times.
class RandomCluster {
 public:
  explicit RandomCluster(std::uint64_t seed)
      : random_(seed), cluster_(1 + below(3), one_preemptor()) {
    for (int i = 0; i < 12; ++i) {
      auto request = low(1 + below(3));
      if (below(4) == 0)
        request = job().nodes(2).tasks_per_node(1 + below(2)).minutes(600).of_class("low");
      if (below(5) == 0) request.of_class("normal");
      const auto id = cluster_.controller.submit(*request);
      if (id && cluster_.state(*id) == JobState::starting) cluster_.tell_started(*id);
      cluster_.controller.pass(std::chrono::minutes(below(50)));
    }
  }

  int below(unsigned n) { return static_cast<int>(random_.below(n)); }
  scheduler::View view() const {
    const auto& engine = cluster_.controller.engine();
    const auto& settings = engine.settings();
    return {engine.state(), settings.pools, settings.classes, settings.workspaces,
            settings.licenses};
  }
  model::Layout any_layout() {
    model::Shape shape;
    if (below(2) == 0) shape.nodes = 1 + below(2);
    shape.tasks = shape.nodes.value_or(1) * (1 + below(3));
    return *model::resolve(shape);
  }
  base::Time now() const { return cluster_.controller.now(); }
  Cluster& cluster() { return cluster_; }

 private:
  base::Random random_;
  Cluster cluster_;
};

/// The least cost of a set that makes room, by trying every set.
std::optional<double> least_cost(const scheduler::View& view, const policy::Request& request,
                                 const std::vector<policy::Candidate>& candidates, base::Time now,
                                 base::Time start) {
  std::optional<double> least;
  for (unsigned set = 0; set < (1U << candidates.size()); ++set) {
    policy::Timeline timeline(view, now);
    double cost = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      timeline.end_early(*candidates[i].job, start);
      cost += candidates[i].cost;
    }
    if (timeline.place_at(request, start) && (!least || cost < *least)) least = cost;
  }
  return least;
}

}  // namespace

TEST_CASE(
    "room is found whenever there is some, none of the victims can be spared, and few sets are "
    "cheaper") {
  int n_found = 0;
  int n_cheapest = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomCluster random(seed);
    const auto view = random.view();
    auto candidates = policy::candidates(view, view.classes.of("urgent"), random.now());
    if (candidates.size() > 8) candidates.resize(8);
    const auto layout = random.any_layout();
    const policy::Request request{
        .layout = layout,
        .duration = 60min,
        .limit = 60min,
        .nodes = std::make_shared<const policy::Selection>(
            policy::Kinds(view).select([](const std::string&) { return true; }, {}))};
    const auto start = policy::gone_by(view, candidates, random.now());
    policy::Timeline timeline(view, random.now());
    const auto room = policy::make_room(timeline, request, candidates, start);
    const auto least = least_cost(view, request, candidates, random.now(), start);
    CAPTURE(seed);
    REQUIRE(room.has_value() == least.has_value());
    if (!room) continue;
    ++n_found;
    REQUIRE(room->cost >= *least * 0.999);
    REQUIRE(room->cost <= *least * 3 + 1);
    if (room->cost <= *least * 1.001) ++n_cheapest;
    for (const auto* spared : room->victims) {
      policy::Timeline without(view, random.now());
      for (const auto* victim : room->victims) {
        if (victim != spared) without.end_early(*victim, start);
      }
      REQUIRE_FALSE(without.is_free(request, room->placement));
    }
  }
  CHECK(n_found > 33);
  CHECK(n_cheapest * 10 > n_found * 8);
}

TEST_CASE("whoever makes room, the job that it is for starts as soon as they are gone") {
  int n_preemptions = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    RandomCluster random(seed);
    auto& cluster = random.cluster();
    const auto preemptor = cluster.controller.submit(*urgent(1 + random.below(4)));
    if (!preemptor) continue;
    const auto victims = preempted(cluster);
    for (const auto victim : victims) {
      REQUIRE(cluster.state(*preemptor) == JobState::waiting);
      (void)cluster.end(victim, 143);
    }
    if (victims.empty()) continue;
    CAPTURE(seed);
    REQUIRE(cluster.state(*preemptor) == JobState::starting);
    REQUIRE(preempted(cluster) == victims);
    ++n_preemptions;
  }
  CHECK(n_preemptions > 15);
}
