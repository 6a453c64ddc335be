// Arrays: one record until a task starts.

#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace std::chrono_literals;
using namespace support;
using model::JobId;
using model::JobState;

namespace {

/// One node of four cores.
struct Grid {
  Controller controller;

  explicit Grid(scheduler::Settings settings = {}) : controller(std::move(settings)) {
    controller.join(node("n1", 4));
  }

  JobId submit(JobBuilder request) {
    const auto job = controller.submit(*request);
    if (!job) FAIL(job.error().text);
    return *job;
  }

  model::JobRecord record_of(JobId job) const {
    return controller.engine().record_of(controller.engine().state().jobs.at(job));
  }

  std::string pending(JobId array) const { return ranges_text(record_of(array).tally->pending); }

  base::Result<scheduler::Answer> cancel(JobId job, std::string_view tasks = "") {
    std::optional<model::IndexSet> chosen;
    if (!tasks.empty()) chosen = *model::tasks_from_text(tasks);
    return controller.ask(scheduler::CancelJob{controller.next_request(), user(), job, chosen});
  }
};

}  // namespace

TEST_CASE("tasks start as room allows, in order, and are jobs of their own") {
  Grid grid;
  const auto array = grid.submit(job().array("0-9"));
  CHECK(grid.pending(array) == "4-9");
  CHECK(grid.record_of(array).n_running == 4);
  CHECK(grid.controller.state_of(array) == JobState::waiting);
  const auto second = grid.record_of(JobId(3));
  CHECK(to_text(*second.task) == "1_1");
  CHECK(second.state == JobState::starting);
  CHECK(grid.submit(job()) == JobId(12));
  grid.controller.run(JobId(3));
  CHECK(grid.pending(array) == "5-9");
  CHECK(grid.controller.state_of(JobId(6)) == JobState::starting);
}

TEST_CASE("an array ends when its last task has, as its worst, with the highest exit code") {
  Grid grid;
  const auto array = grid.submit(job().array("1-3"));
  CHECK(grid.controller.state_of(array) == JobState::running);
  grid.controller.run(JobId(2));
  grid.controller.run(JobId(3), 7);
  CHECK(grid.controller.state_of(array) == JobState::running);
  grid.controller.run(JobId(4), 2);
  const auto record = grid.record_of(array);
  CHECK(record.state == JobState::failed);
  CHECK(record.outcome->exit_code == 7);
  CHECK(describe(*record.outcome->failure) == "the script on n1 exited with code 7: task 2");
  CHECK(record.tally->ended.at(model::Ending::failed) == 2);
  CHECK(ranges_text(record.tally->completed) == "1");
}

TEST_CASE("an array whose tasks all complete has completed") {
  Grid grid;
  const auto array = grid.submit(job().array("0-1"));
  grid.controller.run(JobId(2));
  grid.controller.run(JobId(3));
  CHECK(grid.controller.state_of(array) == JobState::completed);
}

TEST_CASE("no more tasks run at a time than the array allows") {
  Grid grid;
  const auto array = grid.submit(job().array("0-9%2"));
  CHECK(grid.pending(array) == "2-9");
  CHECK(grid.controller.reason_of(array) ==
        "2 tasks of its array run, which is as many as may at a time");
  const auto other = grid.submit(job());
  CHECK(grid.controller.state_of(other) == JobState::starting);
  grid.controller.run(JobId(2));
  CHECK(grid.pending(array) == "3-9");
}

TEST_CASE("a task that lost its node starts again and keeps its place in the limit") {
  Grid grid;
  const auto array = grid.submit(job().array("0-9%1"));
  (void)grid.controller.give(scheduler::NodeGone{grid.controller.node_id("n1")});
  grid.controller.pass(61s);
  CHECK(grid.controller.state_of(JobId(2)) == JobState::waiting);
  grid.controller.join(node("n1", 4));
  CHECK(grid.pending(array) == "1-9");
  grid.controller.pass(10s);
  CHECK(grid.controller.state_of(JobId(2)) == JobState::starting);
  CHECK(grid.record_of(JobId(2)).attempt == 2);
}

TEST_CASE("all of an array can be cancelled, or some of its tasks") {
  Grid grid;
  const auto array = grid.submit(job().array("0-9"));
  REQUIRE(grid.cancel(array, "3-5"));
  CHECK(grid.pending(array) == "6-9");
  CHECK(grid.controller.state_of(JobId(5)) == JobState::ending);
  CHECK(grid.cancel(array, "40").error().text == "array 1 has no task 40; its tasks are 0-9");
  CHECK(grid.cancel(array, "4").error().text == "tasks 4 of array 1 have already ended");
  REQUIRE(grid.cancel(array));
  CHECK(grid.controller.state_of(array) == JobState::running);
  for (const std::uint32_t task : {2U, 3U, 4U, 5U}) {
    const model::LaunchKey key{JobId(task), 1, {}};
    (void)grid.controller.give(scheduler::NodeSaysEnded{grid.controller.node_id("n1"),
                                                        failure(key, model::Cause::signal, 143)});
  }
  CHECK(grid.controller.state_of(array) == JobState::cancelled);
  CHECK(grid.record_of(array).tally->ended.at(model::Ending::cancelled) == 10);
}

TEST_CASE("a held array starts nothing, and is cancelled at once") {
  Grid grid;
  const auto array = grid.submit(job().array("0-9").hold());
  CHECK(grid.pending(array) == "0-9");
  REQUIRE(grid.cancel(array));
  CHECK(grid.controller.state_of(array) == JobState::cancelled);
}

TEST_CASE("what is asked of a task that has not started says so") {
  Grid grid;
  const auto array = grid.submit(job().array("0-9%1"));
  (void)array;
  const auto held =
      grid.controller.ask(scheduler::HoldJob{grid.controller.next_request(), user(), JobId(9)});
  REQUIRE_FALSE(held.has_value());
  CHECK(held.error().text.find("this task of array 1 has not started") == 0);
}

TEST_CASE("aftercorr lets each task follow its counterpart, and cancels those of failed ones") {
  Grid grid;
  const auto first = grid.submit(job().array("0-3%2"));                        // tasks are 2-5
  const auto second = grid.submit(job().array("0-3").depends("aftercorr:1"));  // 7-10
  CHECK(grid.controller.reason_of(second) == "waits for aftercorr:1 (job 1 is waiting)");
  grid.controller.run(JobId(3));
  CHECK(grid.pending(second) == "0,2-3");
  grid.controller.run(JobId(2), 1);
  CHECK(grid.pending(second) == "2-3");
  grid.controller.run(JobId(4));
  grid.controller.run(JobId(5));
  CHECK(grid.controller.state_of(first) == JobState::failed);
  for (const std::uint32_t task : {8U, 9U, 10U}) grid.controller.run(JobId(task));
  const auto record = grid.record_of(second);
  CHECK(record.state == JobState::cancelled);
  CHECK(record.tally->ended.at(model::Ending::completed) == 3);
  CHECK(describe(*record.outcome->failure) ==
        "the job can never start: aftercorr:1, but the same task of job 1 has not completed");
}

TEST_CASE("jobs depend on arrays and on single tasks of them") {
  Grid grid;
  const auto array = grid.submit(job().array("0-2%1"));
  const auto on_task = grid.submit(job().depends("afterok:1_1"));
  const auto on_all = grid.submit(job().depends("afterany:1"));
  const auto hopeless = grid.submit(job().depends("afternotok:1_1"));
  CHECK(grid.controller.reason_of(on_task) == "waits for afterok:1_1 (job 1_1 is waiting)");
  grid.controller.run(JobId(2));
  grid.controller.run(JobId(3));
  CHECK(grid.controller.state_of(on_task) == JobState::starting);
  CHECK(grid.controller.state_of(hopeless) == JobState::cancelled);
  CHECK(grid.controller.state_of(on_all) == JobState::waiting);
  grid.controller.run(JobId(4));
  CHECK(grid.controller.state_of(array) == JobState::completed);
  CHECK(grid.controller.state_of(on_all) == JobState::starting);
  const auto refused = grid.controller.submit(*job().depends("afterok:1_9"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text == "--dependency=afterok:1_9: job 1 has no task 9; its tasks are 0-2");
  CHECK(grid.controller.submit(*job().depends("afterok:5_0")).error().text ==
        "--dependency=afterok:5_0: job 5 is no array");
  CHECK(grid.controller.submit(*job().array("0-5").depends("aftercorr:1")).error().text ==
        "--dependency=aftercorr:1: job 1 has no task 3; its tasks are 0-2");
}

TEST_CASE("an array of singletons goes as one") {
  Grid grid;
  const auto first = grid.submit(job().name("a").array("0-1").depends("singleton"));
  const auto second = grid.submit(job().name("a").array("0-1").depends("singleton"));
  CHECK(grid.controller.state_of(first) == JobState::running);
  CHECK(grid.controller.reason_of(second) == "waits for singleton (job 1 is running)");
  grid.controller.run(JobId(2));
  grid.controller.run(JobId(3));
  CHECK(grid.controller.state_of(second) == JobState::running);
}

TEST_CASE("an array whose deadline comes starts no more tasks") {
  Grid grid;
  const auto array = grid.submit(
      job().cpus_per_task(4).minutes(10).array("0-3").deadline(grid.controller.now() + 30min));
  grid.controller.pass(21min);
  CHECK(grid.pending(array).empty());
  CHECK(grid.controller.state_of(array) == JobState::running);
  grid.controller.run(JobId(2));
  CHECK(grid.controller.state_of(array) == JobState::cancelled);
  CHECK(grid.record_of(array).tally->ended.at(model::Ending::cancelled) == 3);
}

TEST_CASE("tasks that have ended leave the state, and the array keeps count") {
  Grid grid({.jobs_kept = 2});
  const auto array = grid.submit(job().array("0-99%4"));
  for (std::uint32_t task = 2; task < 90; ++task) grid.controller.run(JobId(task), task % 10 == 0);
  CHECK(grid.controller.engine().state().jobs.size() <= 8);
  const auto tally = *grid.record_of(array).tally;
  CHECK(tally.ended.at(model::Ending::completed) == 80);
  CHECK(tally.ended.at(model::Ending::failed) == 8);
}

TEST_CASE("a million tasks hold one record until they start") {
  scheduler::Engine engine({}, policy::make({}));
  const auto now = base::time_from_us(1);
  (void)engine.handle(scheduler::NodeHello{hello(node("n1", 200))}, now);
  const auto spec = *job().array("0-999999%150");
  CHECK(engine.handle(scheduler::SubmitJob{scheduler::RequestId(1), user(), spec}, now).size() ==
        1);
  CHECK(engine.plan(now).size() == 300);
  CHECK(engine.state().jobs.size() == 151);
  CHECK(engine.state().n_waiting == 1);
}
