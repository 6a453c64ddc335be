// Stories of sites that have programs around jobs.

#include "scheduler/core/preparations.h"

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

scheduler::Settings with_programs() {
  auto settings = settings_without_pause();
  settings.site_programs = {{"default", {.prolog = "begin", .epilog = "end"}}};
  return settings;
}

model::LaunchKey preparation(model::JobId id, std::uint32_t attempt = 1) {
  return {id, attempt, {}, true};
}

model::LaunchReport prolog_failed(const std::string& where, model::JobId id,
                                  std::uint32_t attempt = 1) {
  auto report = failure(preparation(id, attempt), Cause::prolog, 1, where);
  report.failure->text = "exited with code 3: no disk";
  return report;
}

struct Site {
  explicit Site(scheduler::Settings settings = with_programs()) : controller(std::move(settings)) {
    for (const char* name : {"n1", "n2", "n3", "n4"}) controller.join(node(name, 2));
  }
  std::vector<scheduler::Action> ends(const std::string& name, const model::LaunchReport& report) {
    return controller.give(scheduler::NodeSaysEnded{controller.node_id(name), report});
  }
  const scheduler::Job& job_of(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }
  std::string first_node(model::JobId id) const {
    return scheduler::active_attempt(job_of(id))->allocation.nodes.front().name;
  }
  std::string drain_of(const std::string& name) const {
    const auto& drain = controller.engine().state().nodes.at(controller.node_id(name)).drain;
    return drain ? drain->by + ": " + drain->reason : "";
  }
  /// On one node, from where it is to the end.
  void finish(model::JobId id) {
    const auto where = first_node(id);
    const auto attempt = job_of(id).attempts;
    (void)controller.give(
        scheduler::NodeSaysPrepared{controller.node_id(where), preparation(id, attempt)});
    (void)ends(where, success({id, attempt, {}}));
    (void)ends(where, success(preparation(id, attempt)));
  }

  Controller controller;
};

}  // namespace

TEST_CASE("where the site has programs each node gets a preparation with them") {
  Site site;
  const auto orders = only<SendLaunch>(site.controller.give(
      scheduler::SubmitJob{site.controller.next_request(), user(), *job().nodes(2)}));
  REQUIRE(orders.size() == 2);
  CHECK(orders[0].order.key.preparation);
  CHECK(orders[0].order.site_programs.prolog == "begin");
  CHECK(orders[1].order.site_programs.epilog == "end");
}

TEST_CASE("a failed prolog drains its node, and the job starts again whatever its policies say") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1).restart("on=exit max=1 backoff=0s"));
  const auto where = site.first_node(id);
  (void)site.ends(where, prolog_failed(where, id));
  CHECK(site.drain_of(where) == "musterd: prolog of job 1 failed: exited with code 3: no disk");
  CHECK(site.job_of(id).attempts == 2);
  CHECK(site.job_of(id).earlier.front().why.cause == Cause::prolog);
  CHECK(site.first_node(id) != where);
  // That was none of its restarts.
  const auto again = site.first_node(id);
  (void)site.controller.give(
      scheduler::NodeSaysPrepared{site.controller.node_id(again), preparation(id, 2)});
  (void)site.ends(again, failure({id, 2, {}}, Cause::exit_code, 7));
  (void)site.ends(again, success(preparation(id, 2)));
  CHECK(site.job_of(id).attempts == 3);
}

TEST_CASE(
    "a job whose prolog fails wherever it is tried is held, and its last node is not drained") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1));
  std::string where;
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    where = site.first_node(id);
    (void)site.ends(where, prolog_failed(where, id, attempt));
  }
  CHECK(site.drain_of(where).empty());
  CHECK(site.controller.state_of(id) == JobState::waiting);
  const auto reason = site.controller.engine().reason_of(id);
  REQUIRE(reason);
  CHECK(describe(*reason) ==
        "held by musterd: it could not start in 3 attempts, at last because the prolog on " +
            where + " failed: exited with code 3: no disk; release it with muster release");
}

TEST_CASE("a job that was released after its prologs failed is tried anew, whatever drains nodes") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1));
  std::string where;
  const auto fail = [&](std::uint32_t attempt) {
    where = site.first_node(id);
    (void)site.ends(where, prolog_failed(where, id, attempt));
  };
  const auto release = [&] {
    (void)site.controller.give(scheduler::ReleaseJob{site.controller.next_request(), user(), id});
  };
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) fail(attempt);
  CHECK(site.job_of(id).attempts == 3);
  release();
  fail(4);
  CHECK_FALSE(site.drain_of(where).empty());
  CHECK(site.job_of(id).attempts == 5);
  CHECK(scheduler::n_prolog_failures(site.job_of(id)) == 1);
}

TEST_CASE("attempts that ended otherwise between failures of a prolog break their row") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1).restart("on=exit max=1 backoff=0s"));
  auto where = site.first_node(id);
  (void)site.ends(where, prolog_failed(where, id, 1));
  CHECK(scheduler::n_prolog_failures(site.job_of(id)) == 1);
  where = site.first_node(id);
  (void)site.controller.give(
      scheduler::NodeSaysPrepared{site.controller.node_id(where), preparation(id, 2)});
  (void)site.ends(where, failure({id, 2, {}}, Cause::exit_code, 7));
  (void)site.ends(where, success(preparation(id, 2)));
  CHECK(scheduler::n_prolog_failures(site.job_of(id)) == 0);
}

TEST_CASE("where the first failure of a prolog holds its job the node is drained all the same") {
  auto settings = with_programs();
  settings.max_prolog_failures = 1;
  Site site(settings);
  const auto id = *site.controller.submit(*job().nodes(1));
  const auto where = site.first_node(id);
  (void)site.ends(where, prolog_failed(where, id));
  CHECK(site.controller.state_of(id) == JobState::waiting);
  CHECK_FALSE(scheduler::why_held(site.job_of(id)).empty());
  CHECK_FALSE(site.drain_of(where).empty());
}

TEST_CASE("a job on many nodes whose prolog fails on all of them drains few") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(4));
  for (const char* name : {"n1", "n2", "n3", "n4"}) (void)site.ends(name, prolog_failed(name, id));
  CHECK_FALSE(site.drain_of("n1").empty());
  CHECK_FALSE(site.drain_of("n2").empty());
  CHECK(site.drain_of("n3").empty());
  CHECK(site.drain_of("n4").empty());
  CHECK(scheduler::why_held(site.job_of(id)).find("in 1 attempt,") != std::string::npos);
}

TEST_CASE("a failed epilog drains its node, and what the job came to stands") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1));
  const auto where = site.first_node(id);
  (void)site.controller.give(
      scheduler::NodeSaysPrepared{site.controller.node_id(where), preparation(id)});
  (void)site.ends(where, success({id, 1, {}}));
  auto report = success(preparation(id));
  report.epilog_fault = "was killed by signal 9";
  (void)site.ends(where, report);
  CHECK(site.controller.state_of(id) == JobState::completed);
  CHECK(site.drain_of(where) == "musterd: epilog of job 1 failed: was killed by signal 9");
}

TEST_CASE("a preparation whose epilog is due ends the attempt if it failed, and holds the node") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1));
  const auto where = site.first_node(id);
  auto report = prolog_failed(where, id);
  report.is_epilog_due = true;
  CHECK(only<scheduler::SendAcknowledge>(site.ends(where, report)).empty());
  CHECK(site.controller.state_of(id) == JobState::ending);
  CHECK(site.drain_of(where).empty());
  CHECK(site.ends(where, report).empty());
  report.is_epilog_due = false;
  (void)site.ends(where, report);
  CHECK(site.job_of(id).attempts == 2);
  CHECK_FALSE(site.drain_of(where).empty());
  site.finish(id);
  CHECK(site.controller.state_of(id) == JobState::completed);
}

TEST_CASE("a job whose prolog failed is cancelled like any that starts again") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1));
  const auto where = site.first_node(id);
  auto report = prolog_failed(where, id);
  report.is_epilog_due = true;
  (void)site.ends(where, report);
  (void)site.controller.give(scheduler::CancelJob{site.controller.next_request(), user(), id});
  report.is_epilog_due = false;
  (void)site.ends(where, report);
  CHECK(site.controller.state_of(id) == JobState::cancelled);
}

TEST_CASE("a node takes no work while an epilog is due there of what was written off") {
  Site site;
  const auto id = *site.controller.submit(*job().nodes(1));
  const auto where = site.first_node(id);
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id(where)});
  site.controller.pass(61s);
  auto report = success(preparation(id));
  report.is_epilog_due = true;
  (void)site.controller.give(
      scheduler::NodeHello{hello(node(where, 2), {{preparation(id), report}})});
  const auto& here = site.controller.engine().state().nodes.at(site.controller.node_id(where));
  CHECK_FALSE(scheduler::may_take_work(here));
  report.is_epilog_due = false;
  report.epilog_fault = "exited with code 4";
  (void)site.ends(where, report);
  CHECK(here.strays.empty());
  CHECK(site.drain_of(where) == "musterd: epilog of job 1 failed: exited with code 4");
}
