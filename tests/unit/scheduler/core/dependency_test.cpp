#include "scheduler/core/dependency.h"

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace std::chrono_literals;
using namespace support;
using model::JobId;
using model::JobState;

namespace {

/// One node of four cores.
struct Site {
  Controller controller;

  explicit Site(scheduler::Settings settings = {}) : controller(std::move(settings)) {
    controller.join(node("n1", 4));
  }

  JobId submit(JobBuilder request) {
    const auto job = controller.submit(*request);
    if (!job) FAIL(job.error().text);
    return *job;
  }

  std::string refusal(JobBuilder request) {
    const auto job = controller.submit(*request);
    return job ? "" : job.error().text;
  }

  JobState state_of(JobId job) const { return controller.state_of(job); }

  std::string end_of(JobId job) const {
    const auto record = controller.engine().record_of(controller.engine().state().jobs.at(job));
    return record.outcome && record.outcome->failure ? describe(*record.outcome->failure) : "";
  }

  void cancel(JobId job) {
    REQUIRE(controller.ask(scheduler::CancelJob{controller.next_request(), user(), job}));
  }
};

}  // namespace

TEST_CASE("a job starts at its begin time and not before") {
  Site site;
  const auto begin = site.controller.now() + 1h;
  const auto job = site.submit(support::job().begin(begin));
  CHECK(site.controller.reason_of(job) == "starts not before " + to_text(begin));
  CHECK(site.controller.engine().next_deadline() == begin);
  site.controller.pass(59min);
  CHECK(site.state_of(job) == JobState::waiting);
  site.controller.pass(1min);
  CHECK(site.state_of(job) == JobState::starting);
}

TEST_CASE("a begin time that has passed stands in nobody's way") {
  Site site;
  CHECK(site.state_of(site.submit(job().begin(site.controller.now() - 1h))) == JobState::starting);
}

TEST_CASE("a job that is released keeps its begin time") {
  Site site;
  const auto job = site.submit(support::job().hold().begin(site.controller.now() + 1h));
  REQUIRE(site.controller.ask(scheduler::ReleaseJob{site.controller.next_request(), user(), job}));
  CHECK(site.state_of(job) == JobState::waiting);
  site.controller.pass(1h);
  CHECK(site.state_of(job) == JobState::starting);
}

TEST_CASE("a waiting job is cancelled when it can no longer end by its deadline") {
  Site site;
  const auto first = site.submit(job().cpus_per_task(4));
  const auto second =
      site.submit(job().cpus_per_task(4).minutes(30).deadline(site.controller.now() + 1h));
  site.controller.pass(30min);
  CHECK(site.state_of(second) == JobState::waiting);
  site.controller.pass(1s);
  CHECK(site.state_of(second) == JobState::cancelled);
  CHECK(site.end_of(second).find("the job reached its deadline: waiting") == 0);
  CHECK(site.state_of(first) == JobState::starting);
}

TEST_CASE("a running job is ended at its deadline") {
  Site site;
  const auto job = site.submit(support::job().deadline(site.controller.now() + 1h));
  const model::LaunchKey key{job, 1, {}};
  (void)site.controller.give(scheduler::NodeSaysStarted{site.controller.node_id("n1"), key});
  site.controller.pass(59min);
  CHECK(site.state_of(job) == JobState::running);
  site.controller.pass(1min);
  CHECK(site.state_of(job) == JobState::ending);
  (void)site.controller.give(scheduler::NodeSaysEnded{site.controller.node_id("n1"),
                                                      failure(key, model::Cause::signal, 143)});
  CHECK(site.state_of(job) == JobState::timed_out);
}

TEST_CASE("a deadline that cannot be kept is refused with what could run") {
  Site site;
  const auto now = site.controller.now();
  CHECK(site.refusal(job().deadline(now - 1s)).find("give a later one") != std::string::npos);
  CHECK(site.refusal(job().minutes(120).deadline(now + 1h))
            .find("the most that can run is --time=01:00:00") != std::string::npos);
  CHECK(site.refusal(job().minutes(60).begin(now + 30min).deadline(now + 1h))
            .find("--time=00:30:00") != std::string::npos);
  CHECK(site.refusal(job().minutes(60).deadline(now + 1h)).empty());
}

TEST_CASE("afterok waits for success, afternotok for anything else, afterany for the end") {
  Site site;
  const auto good = site.submit(job());
  const auto bad = site.submit(job());
  const auto ok = site.submit(job().depends("afterok:1"));
  const auto not_ok = site.submit(job().depends("afternotok:2"));
  const auto any = site.submit(job().depends("afterany:1:2"));
  CHECK(site.controller.reason_of(ok) == "waits for afterok:1 (job 1 is starting)");
  site.controller.run(good);
  CHECK(site.state_of(ok) == JobState::starting);
  CHECK(site.state_of(any) == JobState::waiting);
  site.controller.run(bad, 3);
  CHECK(site.state_of(not_ok) == JobState::starting);
  CHECK(site.state_of(any) == JobState::starting);
}

TEST_CASE("a job whose dependency can never be met is cancelled, and those after it, with why") {
  Site site;
  const auto first = site.submit(job());
  const auto second = site.submit(job().depends("afterok:1"));
  const auto third = site.submit(job().depends("afterok:2").hold());
  const auto comforter = site.submit(job().depends("afternotok:3"));
  site.controller.run(first, 3);
  CHECK(site.state_of(second) == JobState::cancelled);
  CHECK(site.end_of(second) == "the job can never start: afterok:1, but job 1 has failed");
  CHECK(site.end_of(third) == "the job can never start: afterok:2, but job 2 was cancelled");
  CHECK(site.state_of(comforter) == JobState::starting);
}

TEST_CASE("a chain of any length falls without deep recursion") {
  Site site({.queued_jobs = 1'000'000});
  scheduler::Engine engine({}, policy::make({}));
  const auto now = base::time_from_us(1);
  (void)engine.handle(scheduler::NodeHello{hello(node("n1", 1))}, now);
  (void)engine.handle(scheduler::SubmitJob{scheduler::RequestId(1), user(), *job().hold()}, now);
  constexpr int n = 20'000;
  for (int i = 1; i < n; ++i) {
    const auto text = "afterok:" + std::to_string(i);
    (void)engine.handle(scheduler::SubmitJob{scheduler::RequestId(1), user(), *job().depends(text)},
                        now);
  }
  const auto facts =
      engine.handle(scheduler::CancelJob{scheduler::RequestId(1), user(), JobId(1)}, now);
  CHECK(facts.size() == n);
  CHECK(engine.state().n_waiting == 0);
}

TEST_CASE("one of several is enough where they are joined by a question mark") {
  Site site;
  const auto first = site.submit(job());
  const auto second = site.submit(job());
  const auto either = site.submit(job().depends("afterok:1?afterok:2"));
  const auto lost = site.submit(job().depends("afterok:1?afternotok:2"));
  site.controller.run(first, 1);
  CHECK(site.state_of(either) == JobState::waiting);
  site.controller.run(second);
  CHECK(site.state_of(either) == JobState::starting);
  CHECK(site.end_of(lost) ==
        "the job can never start: afterok:1, but job 1 has failed; afternotok:2, but job 2 has "
        "completed");
}

TEST_CASE("after counts from the start, with its delay") {
  Site site;
  const auto first = site.submit(job().cpus_per_task(2).begin(site.controller.now() + 1h));
  const auto at_once = site.submit(job().depends("after:1"));
  const auto later = site.submit(job().depends("after:1+10"));
  CHECK(site.state_of(at_once) == JobState::waiting);
  site.controller.pass(1h);
  CHECK(site.state_of(first) == JobState::starting);
  CHECK(site.state_of(at_once) == JobState::starting);
  CHECK(site.controller.reason_of(later).find("starts not before") == 0);
  site.controller.pass(10min);
  CHECK(site.state_of(later) == JobState::starting);
}

TEST_CASE("after is met by a job that is cancelled before it starts") {
  Site site;
  const auto first = site.submit(job().hold());
  const auto second = site.submit(job().depends("after:1"));
  site.cancel(first);
  CHECK(site.state_of(second) == JobState::starting);
}

TEST_CASE("a parent that lost its node has started all the same, and has not ended") {
  Site site;
  site.controller.join(node("n2", 1));
  const auto first = site.submit(job().cpus_per_task(4));
  const auto hog = site.submit(job());  // has n2
  const auto second = site.submit(job().depends("after:1"));
  const auto third = site.submit(job().depends("afterok:1"));
  CHECK(site.controller.reason_of(second).find("waits for") == std::string::npos);
  (void)site.controller.give(scheduler::NodeGone{site.controller.node_id("n1")});
  site.controller.pass(61s);
  REQUIRE(site.state_of(first) == JobState::waiting);
  CHECK(site.controller.reason_of(second).find("waits for") == std::string::npos);
  CHECK(site.controller.reason_of(third) == "waits for afterok:1 (job 1 is waiting)");
  CHECK(site.state_of(hog) == JobState::starting);
  site.controller.join(node("n1", 5));
  site.controller.pass(10s);
  REQUIRE(site.state_of(first) == JobState::starting);
  CHECK(site.state_of(second) == JobState::starting);
  site.controller.run(first);
  CHECK(site.state_of(third) == JobState::starting);
}

TEST_CASE("singletons run one at a time in order, whatever else has their name") {
  Site site;
  const auto plain = site.submit(job().name("chain"));
  const auto first = site.submit(job().name("chain").depends("singleton"));
  const auto second = site.submit(job().name("chain").depends("singleton"));
  const auto other = site.submit(job().name("other").depends("singleton"));
  CHECK(site.state_of(other) == JobState::starting);
  CHECK(site.controller.reason_of(second) == "waits for singleton (job 1 is starting)");
  site.controller.run(plain);
  CHECK(site.state_of(first) == JobState::starting);
  CHECK(site.state_of(second) == JobState::waiting);
  const auto later = site.submit(job().name("chain"));
  CHECK(site.state_of(later) == JobState::starting);
  site.controller.run(first, 1);
  CHECK(site.controller.reason_of(second) == "waits for singleton (job 5 is starting)");
  site.controller.run(later);
  CHECK(site.state_of(second) == JobState::starting);
}

TEST_CASE("what parents came to outlives their place in the state") {
  Site site({.jobs_kept = 1});
  const auto first = site.submit(job());
  const auto second = site.submit(job().hold());
  const auto third = site.submit(job().depends("afterok:1,afterok:2"));
  const auto fourth = site.submit(job().depends("after:1+60"));
  site.controller.run(first);
  site.controller.run(site.submit(job()));
  site.controller.run(site.submit(job()));
  (void)site.submit(job().hold());
  REQUIRE_FALSE(site.controller.engine().state().jobs.contains(first));
  REQUIRE(
      site.controller.ask(scheduler::ReleaseJob{site.controller.next_request(), user(), second}));
  site.controller.run(second);
  CHECK(site.state_of(third) == JobState::starting);
  site.controller.pass(1h);
  CHECK(site.state_of(fourth) == JobState::starting);
}

TEST_CASE("what history knows of a parent is asked once, at submission") {
  Site site({.jobs_kept = 1});
  site.controller.run(site.submit(job()));
  site.controller.run(site.submit(job()));
  const auto last = site.submit(job());
  const auto spec = *job().depends("afterok:1,afterok:" + to_text(last));
  CHECK(site.refusal(job().depends("afterok:1")) == "--dependency=afterok:1: there is no job 1");
  const auto with = [&](model::Ending ending) {
    return site.controller.ask(scheduler::SubmitJob{
        site.controller.next_request(), user(), spec, {{JobId(1), ending, base::Time()}}});
  };
  const auto refused = with(model::Ending::timed_out);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text ==
        "--dependency=afterok:1,afterok:3 can never be met: afterok:1, but job 1 has timed out");
  const auto accepted = with(model::Ending::completed);
  REQUIRE(accepted.has_value());
  const auto job = std::get<scheduler::Submitted>(*accepted).job;
  CHECK(site.controller.reason_of(job) == "waits for afterok:3 (job 3 is starting)");
  site.controller.run(last);
  CHECK(site.state_of(job) == JobState::starting);
}

TEST_CASE("a job that never was cannot be depended on") {
  Site site;
  CHECK(site.refusal(job().depends("afterok:99")) == "--dependency=afterok:99: there is no job 99");
  CHECK(site.refusal(job().depends("afterok:1")) == "--dependency=afterok:1: there is no job 1");
}
