// Stories of jobs whose nodes are prepared before their script starts.

#include "tests/support/catch.h"
#include "tests/support/controller.h"
#include "tests/support/rack.h"

using namespace support;
using namespace std::chrono_literals;
using model::Cause;
using model::JobState;
using scheduler::SendLaunch;
using scheduler::SendStop;

namespace {

struct PreparedSite {
  explicit PreparedSite(scheduler::Settings settings = {}) : controller(std::move(settings)) {
    controller.join(node("n1", 2));
    controller.join(node("n2", 2));
  }

  model::JobId submit(std::string_view restart = {}) {
    auto spec = restart.empty() ? **job().nodes(2) : **job().nodes(2).restart(restart);
    spec.preparation.command = "true";
    return *controller.submit(std::make_shared<const model::JobSpec>(std::move(spec)));
  }
  const scheduler::Job& job_of(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  const scheduler::Attempt& attempt_of(model::JobId id) const {
    return *scheduler::active_attempt(job_of(id));
  }
  static model::LaunchKey preparation(model::JobId id, std::uint32_t attempt = 1) {
    return {id, attempt, {}, true};
  }
  std::vector<scheduler::Action> prepared(const std::string& name, model::JobId id) {
    return controller.give(scheduler::NodeSaysPrepared{controller.node_id(name),
                                                       preparation(id, job_of(id).attempts)});
  }
  std::vector<scheduler::Action> ends(const std::string& name, const model::LaunchReport& report) {
    return controller.give(scheduler::NodeSaysEnded{controller.node_id(name), report});
  }
  /// Both nodes are prepared and the script runs.
  void start(model::JobId id) {
    (void)prepared("n1", id);
    (void)prepared("n2", id);
    (void)controller.give(
        scheduler::NodeSaysStarted{controller.node_id("n1"), {id, job_of(id).attempts, {}}});
  }

  Controller controller;
};

}  // namespace

TEST_CASE("a script is ordered when all nodes of its job are prepared") {
  PreparedSite site;
  auto spec = **job().nodes(2);
  spec.preparation.command = "true";
  const auto actions = site.controller.give(scheduler::SubmitJob{
      site.controller.next_request(), user(), std::make_shared<const model::JobSpec>(spec)});
  const auto orders = only<SendLaunch>(actions);
  REQUIRE(orders.size() == 2);
  CHECK(orders[0].order.key.preparation);
  CHECK(orders[1].order.key.preparation);
  CHECK(orders[0].node != orders[1].node);
  const auto id = orders[0].order.key.job;
  CHECK(only<SendLaunch>(site.prepared("n1", id)).empty());
  CHECK(site.controller.state_of(id) == JobState::starting);
  const auto script = only<SendLaunch>(site.prepared("n2", id));
  REQUIRE(script.size() == 1);
  CHECK(model::is_script(script[0].order.key));
  CHECK(only<SendLaunch>(site.prepared("n2", id)).empty());
}

TEST_CASE("a job without a preparation starts at once") {
  PreparedSite site;
  const auto actions = site.controller.give(
      scheduler::SubmitJob{site.controller.next_request(), user(), *job().nodes(2)});
  REQUIRE(only<SendLaunch>(actions).size() == 1);
  CHECK(model::is_script(only<SendLaunch>(actions)[0].order.key));
}

TEST_CASE("preparations are ended when all work of the attempt has ended, and then the job ends") {
  PreparedSite site;
  const auto id = site.submit();
  site.start(id);
  CHECK(site.controller.state_of(id) == JobState::running);
  const auto stops = only<SendStop>(site.ends("n1", success({id, 1, {}})));
  REQUIRE(stops.size() == 2);
  CHECK(stops[0].key.preparation);
  CHECK(site.controller.state_of(id) == JobState::ending);
  (void)site.ends("n1", success(PreparedSite::preparation(id)));
  // What comes now is too late to change what the script came to.
  (void)site.ends("n2", failure(PreparedSite::preparation(id), Cause::launcher_lost, 137, "n2"));
  CHECK(site.controller.state_of(id) == JobState::completed);
}

TEST_CASE("steps start when the script may, not while nodes are being prepared") {
  PreparedSite site;
  const auto id = site.submit();
  auto spec = std::make_shared<model::StepSpec>();
  spec->arguments = {"true"};
  const auto start = [&] {
    return site.controller.ask(
        scheduler::StartStep{site.controller.next_request(), user(), id, 1, spec});
  };
  (void)site.prepared("n1", id);
  const auto early = start();
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().code == base::Code::conflict);
  CHECK(early.error().text.find("is still being prepared; muster why") != std::string::npos);
  (void)site.prepared("n2", id);
  CHECK(start().has_value());
}

TEST_CASE("a preparation that is undone says nothing for its node, and nothing against it") {
  auto settings = settings_without_pause();
  settings.suspect_after = 3;
  PreparedSite site(settings);
  const auto suspicions = [&](const std::string& name) {
    return site.controller.engine()
        .state()
        .nodes.at(site.controller.node_id(name))
        .suspicions.size();
  };
  const auto id = site.submit();
  site.start(id);
  (void)site.ends("n1", failure({id, 1, {}}, Cause::signal, 7));
  CHECK(suspicions("n1") == 1);
  (void)site.ends("n1", success(PreparedSite::preparation(id)));
  CHECK(suspicions("n1") == 1);
  (void)site.ends("n2", failure(PreparedSite::preparation(id), Cause::preparation, 137, "n2"));
  CHECK(suspicions("n2") == 0);
}

TEST_CASE("a preparation that fails ends the attempt, and no script ever starts") {
  PreparedSite site;
  const auto id = site.submit();
  (void)site.prepared("n1", id);
  const auto actions =
      site.ends("n2", failure(PreparedSite::preparation(id), Cause::preparation, 3, "n2"));
  REQUIRE(only<SendStop>(actions).size() == 1);
  CHECK(only<SendStop>(actions)[0].key.preparation);
  CHECK(site.controller.state_of(id) == JobState::ending);
  (void)site.ends("n1", success(PreparedSite::preparation(id)));
  REQUIRE(site.controller.state_of(id) == JobState::failed);
  const auto record = site.controller.engine().record_of(site.job_of(id));
  CHECK(record.outcome->failure->cause == Cause::preparation);
  CHECK(record.outcome->failure->node == "n2");
  CHECK(record.outcome->exit_code == 3);
  REQUIRE(record.prepared.size() == 2);
  CHECK(record.prepared[0].is_prepared);
  CHECK(record.prepared[1].failure);
}

TEST_CASE("a failed preparation is followed by another attempt where the policy says so") {
  PreparedSite site;
  const auto others = site.submit("on=exit max=2 backoff=0s");
  (void)site.ends("n1", failure(PreparedSite::preparation(others), Cause::preparation, 3));
  (void)site.ends("n2", success(PreparedSite::preparation(others)));
  CHECK(site.controller.state_of(others) == JobState::failed);

  const auto id = site.submit("on=preparation max=2 backoff=0s");
  (void)site.ends("n1", failure(PreparedSite::preparation(id), Cause::mount, 0));
  (void)site.ends("n2", success(PreparedSite::preparation(id)));
  CHECK(site.controller.state_of(id) == JobState::starting);
  CHECK(site.job_of(id).attempts == 2);
}

TEST_CASE("a preparation that is gone ends a running job") {
  PreparedSite site;
  const auto id = site.submit();
  site.start(id);
  const auto actions =
      site.ends("n2", failure(PreparedSite::preparation(id), Cause::launcher_lost, 137, "n2"));
  const auto stops = only<SendStop>(actions);
  REQUIRE(stops.size() == 1);
  CHECK(model::is_script(stops[0].key));
  const auto last = only<SendStop>(site.ends("n1", failure({id, 1, {}}, Cause::signal, 15)));
  REQUIRE(last.size() == 1);
  CHECK(last[0].key.preparation);
  (void)site.ends("n1", success(PreparedSite::preparation(id)));
  CHECK(site.controller.state_of(id) == JobState::failed);
}

TEST_CASE("a job that is cancelled while it is prepared ends without its script") {
  PreparedSite site;
  const auto id = site.submit();
  (void)site.prepared("n1", id);
  const auto actions =
      site.controller.give(scheduler::CancelJob{site.controller.next_request(), user(), id});
  CHECK(only<SendStop>(actions).size() == 2);
  CHECK(only<SendLaunch>(site.prepared("n2", id)).empty());
  (void)site.ends("n1", success(PreparedSite::preparation(id)));
  (void)site.ends("n2", success(PreparedSite::preparation(id)));
  CHECK(site.controller.state_of(id) == JobState::cancelled);
}

TEST_CASE("a node that comes back says that it is prepared, and gets what it has not heard of") {
  PreparedSite site;
  const auto id = site.submit();
  (void)site.prepared("n2", id);
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  const auto again =
      only<SendLaunch>(site.controller.give(scheduler::NodeHello{hello(node("n1", 2))}));
  REQUIRE(again.size() == 1);
  CHECK(again[0].order.key.preparation);
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  const model::LaunchStatus status{PreparedSite::preparation(id), {}, true};
  const auto script =
      only<SendLaunch>(site.controller.give(scheduler::NodeHello{hello(node("n1", 2), {status})}));
  REQUIRE(script.size() == 1);
  CHECK(model::is_script(script[0].order.key));
}

TEST_CASE("a job that loses a node while it is prepared starts again") {
  PreparedSite site;
  const auto id = site.submit();
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n2")});
  site.controller.pass(61s);
  (void)site.ends("n1", success(PreparedSite::preparation(id)));
  CHECK(site.controller.state_of(id) == JobState::waiting);
  CHECK(site.job_of(id).earlier.front().why.cause == Cause::node_lost);
}
