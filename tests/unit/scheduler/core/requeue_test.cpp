// Stories of jobs that a user has start again.

#include <csignal>

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace support;
using namespace std::chrono_literals;
using model::Cause;
using model::JobState;

namespace {

struct RequeueSite {
  RequeueSite() { controller.join(node("n1", 2)); }

  model::JobId submit(const JobBuilder& builder) { return *controller.submit(*builder); }
  base::Result<scheduler::Answer> requeue(model::JobId id, bool is_held = false,
                                          const model::User& by = user()) {
    return controller.ask(scheduler::RequeueJob{controller.next_request(), by, id, is_held});
  }
  void start(model::JobId id) {
    (void)controller.give(scheduler::NodeSaysStarted{controller.node_id("n1"), key_of(id)});
  }
  /// The launch that was told to end has ended.
  void end(model::JobId id) {
    (void)controller.give(
        scheduler::NodeSaysEnded{controller.node_id("n1"), failure(key_of(id), Cause::signal, 15)});
  }
  model::LaunchKey key_of(model::JobId id) const { return {id, job_of(id).attempts, {}}; }
  const scheduler::Job& job_of(model::JobId id) const {
    return controller.engine().state().jobs.at(id);
  }

  Controller controller;
};

}  // namespace

TEST_CASE("a job that is requeued ends its attempt and starts again at once") {
  RequeueSite site;
  const auto id = site.submit(job());
  site.start(id);
  REQUIRE(site.requeue(id));
  CHECK(site.controller.state_of(id) == JobState::ending);
  REQUIRE(site.requeue(id));  // asked twice is done once
  site.end(id);
  REQUIRE(site.controller.state_of(id) == JobState::starting);
  const auto& job = site.job_of(id);
  CHECK(job.attempts == 2);
  REQUIRE(job.earlier.size() == 1);
  CHECK(model::describe(job.earlier[0].why) == "the job is started again by " + user().name);
}

TEST_CASE("a job that is requeued and held waits until it is released") {
  RequeueSite site;
  const auto id = site.submit(job());
  site.start(id);
  REQUIRE(site.requeue(id, true));
  site.end(id);
  CHECK(site.controller.state_of(id) == JobState::waiting);
  CHECK(site.controller.reason_of(id).contains("held by " + user().name));
  REQUIRE(site.controller.ask(scheduler::ReleaseJob{site.controller.next_request(), user(), id}));
  CHECK(site.controller.state_of(id) == JobState::starting);
}

TEST_CASE("a requeue does not count for the restart policy, and a cancel comes after it") {
  RequeueSite site;
  const auto id = site.submit(job().restart("on=signal max=1 backoff=0s"));
  for (int i = 0; i < 3; ++i) {
    site.start(id);
    REQUIRE(site.requeue(id));
    site.end(id);
  }
  site.start(id);
  site.end(id);
  CHECK(site.controller.state_of(id) == JobState::starting);  // its one restart
  site.start(id);
  REQUIRE(site.requeue(id));
  REQUIRE(site.controller.ask(scheduler::CancelJob{site.controller.next_request(), user(), id}));
  site.end(id);
  CHECK(site.controller.state_of(id) == JobState::cancelled);
}

TEST_CASE("a requeue is refused for what does not run, may not start again, or is another's") {
  RequeueSite site;
  const auto waits = site.submit(job().hold());
  CHECK(site.requeue(waits).error().text ==
        "job 1 waits to start; only one that has can start again");
  const auto once = site.submit(job().no_requeue());
  site.start(once);
  CHECK(site.requeue(once).error().text ==
        "job 2 may not start again: it was submitted with --no-requeue");
  const model::User other{.uid = 4242, .gid = 4242, .name = "other"};
  CHECK(site.requeue(once, false, other).error().code == base::Code::denied);
  REQUIRE(site.controller.ask(scheduler::CancelJob{site.controller.next_request(), user(), once}));
  site.end(once);
  CHECK(site.requeue(once).error().text == "job 2 has already ended");
  CHECK(site.requeue(model::JobId(99)).error().code == base::Code::not_found);
}

TEST_CASE("a job gets the signal that it named, while its script runs, and no other") {
  RequeueSite site;
  const auto id = site.submit(job().saves(30s));  // SIGUSR1
  const auto ask = [&](int number) {
    return scheduler::SignalJob{site.controller.next_request(), user(), id, number};
  };
  CHECK(site.controller.ask(ask(SIGUSR1)).error().text == "the script of job 1 does not run");
  site.start(id);
  CHECK(site.controller.ask(ask(SIGUSR2)).error().code == base::Code::conflict);
  const auto sent = only<scheduler::SendSave>(site.controller.give(ask(SIGUSR1)));
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].key == site.key_of(id));
  CHECK(site.controller.state_of(id) == JobState::running);
  const auto silent = site.submit(job());
  site.start(silent);
  CHECK(site.controller
            .ask(scheduler::SignalJob{site.controller.next_request(), user(), silent, SIGUSR1})
            .error()
            .text.starts_with("job 2 gets no signal, and not SIGUSR1: "));
}

TEST_CASE("of an array the tasks that run are requeued") {
  RequeueSite site;
  const auto array = site.submit(job().array("0-2%1"));
  CHECK(site.requeue(model::JobId(array.number() + 1)));
  const model::JobId task(array.number() + 1);
  site.end(task);
  site.start(task);
  REQUIRE(site.requeue(array));
  CHECK(site.controller.state_of(task) == JobState::ending);
}
