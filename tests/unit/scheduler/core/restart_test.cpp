// Stories of jobs that start again after they failed (--restart).

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::Cause;
using model::JobState;

namespace {

struct RestartSite {
  RestartSite() { controller.join(node("n1", 2)); }

  model::JobId submit(const JobBuilder& builder) { return *controller.submit(*builder); }
  const scheduler::Job& job_of(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  /// The script of the job's attempt starts and ends so.
  std::vector<scheduler::Action> attempt(model::JobId id, Cause cause, int code) {
    const auto number = job_of(id).attempts;
    const model::LaunchKey key{id, number, {}};
    const auto n1 = controller.node_id("n1");
    (void)controller.give(scheduler::NodeSaysStarted{n1, key});
    return controller.give(scheduler::NodeSaysEnded{n1, failure(key, cause, code)});
  }

  Controller controller;
};

}  // namespace

TEST_CASE(
    "a job starts again after an exit code that its policy lists, and pauses longer each time") {
  RestartSite site;
  const auto id = site.submit(job().restart("on=exit:75-79 max=2 backoff=10s..15s"));
  (void)site.attempt(id, Cause::exit_code, 75);
  CHECK(site.controller.state_of(id) == JobState::waiting);
  CHECK(site.controller.reason_of(id).find(
            "a pause after its last attempt: the script on n1 exited with code 75") !=
        std::string::npos);
  site.controller.pass(9s);
  CHECK(site.controller.state_of(id) == JobState::waiting);
  site.controller.pass(1s);
  REQUIRE(site.controller.state_of(id) == JobState::starting);
  CHECK(site.job_of(id).attempts == 2);

  (void)site.attempt(id, Cause::exit_code, 79);
  site.controller.pass(14s);
  CHECK(site.controller.state_of(id) == JobState::waiting);
  site.controller.pass(1s);
  CHECK(site.job_of(id).attempts == 3);

  (void)site.attempt(id, Cause::exit_code, 75);
  CHECK(site.controller.state_of(id) == JobState::failed);
  const auto record = site.controller.engine().record_of(site.job_of(id));
  REQUIRE(record.earlier.size() == 2);
  CHECK(record.earlier[1].why.code == 79);
  CHECK(record.outcome->exit_code == 75);
}

TEST_CASE("a job does not start again after what its policy does not list") {
  RestartSite site;
  const auto id = site.submit(job().restart("on=exit:75-79"));
  (void)site.attempt(id, Cause::exit_code, 3);
  CHECK(site.controller.state_of(id) == JobState::failed);
  const auto without = site.submit(job());
  (void)site.attempt(without, Cause::exit_code, 75);
  CHECK(site.controller.state_of(without) == JobState::failed);
  const auto killed = site.submit(job().restart("on=exit:75-79"));
  (void)site.attempt(killed, Cause::signal, 11);
  CHECK(site.controller.state_of(killed) == JobState::failed);
}

TEST_CASE("an attempt is told how the one before it ended") {
  RestartSite site;
  const auto id = site.submit(job().restart("on=signal backoff=0s"));
  const auto actions = site.attempt(id, Cause::signal, 9);
  const auto launches = only<scheduler::SendLaunch>(actions);
  REQUIRE(launches.size() == 1);
  CHECK(launches[0].order.key.attempt == 2);
  CHECK(launches[0].order.last_end == "the script on n1 was killed by SIGKILL");
}

TEST_CASE("a job that is cancelled does not start again, nor one that waits for its restart") {
  RestartSite site;
  const auto id = site.submit(job().restart("on=exit,signal"));
  REQUIRE(site.controller.ask(scheduler::CancelJob{site.controller.next_request(), user(), id}));
  (void)site.attempt(id, Cause::signal, 15);
  CHECK(site.controller.state_of(id) == JobState::cancelled);

  const auto other = site.submit(job().restart("on=exit"));
  (void)site.attempt(other, Cause::exit_code, 1);
  REQUIRE(site.controller.state_of(other) == JobState::waiting);
  REQUIRE(site.controller.ask(scheduler::CancelJob{site.controller.next_request(), user(), other}));
  CHECK(site.controller.state_of(other) == JobState::cancelled);
}

TEST_CASE(
    "a job whose policy lists it starts again after its time limit, and can be cancelled then") {
  RestartSite site;
  const auto start = [&](const model::LaunchKey& key) {
    (void)site.controller.give(scheduler::NodeSaysStarted{site.controller.node_id("n1"), key});
  };
  const auto id = site.submit(job().minutes(10).restart("on=timeout max=1 backoff=1s"));
  start({id, 1, {}});
  site.controller.pass(10min);
  (void)site.controller.give(scheduler::NodeSaysEnded{site.controller.node_id("n1"),
                                                      failure({id, 1, {}}, Cause::signal, 15)});
  CHECK(site.controller.state_of(id) == JobState::waiting);
  site.controller.pass(1s);
  start({id, 2, {}});
  site.controller.pass(10min);
  (void)site.controller.give(scheduler::NodeSaysEnded{site.controller.node_id("n1"),
                                                      failure({id, 2, {}}, Cause::signal, 15)});
  CHECK(site.controller.state_of(id) == JobState::timed_out);

  const auto other = site.submit(job().minutes(10).restart("on=timeout"));
  start({other, 1, {}});
  site.controller.pass(10min);
  REQUIRE(site.controller.ask(scheduler::CancelJob{site.controller.next_request(), user(), other}));
  (void)site.controller.give(scheduler::NodeSaysEnded{site.controller.node_id("n1"),
                                                      failure({other, 1, {}}, Cause::signal, 15)});
  CHECK(site.controller.state_of(other) == JobState::cancelled);
}

TEST_CASE("a dependant waits for the last attempt") {
  RestartSite site;
  const auto parent = site.submit(job().restart("on=exit max=1 backoff=1s"));
  const auto child = site.submit(job().depends("afternotok:" + to_text(parent)));
  (void)site.attempt(parent, Cause::exit_code, 1);
  CHECK(site.controller.state_of(child) == JobState::waiting);
  site.controller.pass(1s);
  (void)site.attempt(parent, Cause::exit_code, 1);
  CHECK(site.controller.state_of(parent) == JobState::failed);
  CHECK(site.controller.state_of(child) == JobState::starting);
}

TEST_CASE("a policy against --no-requeue is refused") {
  RestartSite site;
  const auto refused = site.controller.submit(*job().no_requeue().restart("on=node"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find("--no-requeue rules out") != std::string::npos);
  CHECK(site.controller.submit(*job().no_requeue().restart("on=exit")).has_value());
}

namespace {

/// Two nodes, of which the first is taken first.
struct AvoidSite {
  AvoidSite() {
    controller.join(node("n1", 2));
    controller.join(node("n2", 2));
  }

  std::string node_of(model::JobId id) const {
    const auto* attempt = scheduler::active_attempt(controller.engine().state().jobs.at(id));
    return attempt == nullptr ? "none" : attempt->allocation.nodes.front().name;
  }
  void fail_on(const std::string& name, model::JobId id) {
    const auto number = controller.engine().state().jobs.at(id).attempts;
    const model::LaunchKey key{id, number, {}};
    const auto where = controller.node_id(name);
    (void)controller.give(scheduler::NodeSaysStarted{where, key});
    auto report = failure(key, Cause::exit_code, 9);
    report.failure->node = name;
    (void)controller.give(scheduler::NodeSaysEnded{where, report});
  }

  Controller controller;
};

}  // namespace

TEST_CASE("with avoid-nodes a job waits for another node than the one where it failed") {
  AvoidSite site;
  const auto id = *site.controller.submit(*job().restart("on=exit backoff=0s avoid-nodes"));
  const auto plain = *site.controller.submit(*job().restart("on=exit backoff=0s"));
  REQUIRE(site.node_of(id) == "n1");
  REQUIRE(site.node_of(plain) == "n1");
  const auto other = *site.controller.submit(*job().cpus_per_task(2));
  REQUIRE(site.node_of(other) == "n2");

  site.fail_on("n1", plain);
  CHECK(site.node_of(plain) == "n1");
  site.fail_on("n1", id);
  CHECK(site.node_of(id) == "none");
  const auto record =
      site.controller.engine().record_of(site.controller.engine().state().jobs.at(id));
  CHECK(record.avoids == std::vector<std::string>{"n1"});
  CHECK(site.controller.reason_of(id) ==
        "needs 1 node with 1 free core each; 0 of 1 node ready have that now; in use by job " +
            to_text(other));
  const auto advice = site.controller.engine().advise(id, site.controller.now());
  REQUIRE(advice.has_value());
  CHECK_FALSE(advice->starts_now);

  site.fail_on("n2", other);
  CHECK(site.node_of(id) == "n2");
}

TEST_CASE("a job that cannot do without them may use nodes again, first the one of longest ago") {
  AvoidSite site;
  const auto id = *site.controller.submit(*job().restart("on=exit backoff=0s max=9 avoid-nodes"));
  for (const std::string name : {"n1", "n2", "n1", "n2"}) {
    REQUIRE(site.node_of(id) == name);
    site.fail_on(name, id);
  }
  CHECK(site.node_of(id) == "n1");

  const auto both =
      *site.controller.submit(*job().nodes(2).restart("on=exit backoff=0s avoid-nodes"));
  REQUIRE(site.node_of(both) == "n1");
  site.fail_on("n1", both);
  CHECK(site.node_of(both) == "n1");
}
