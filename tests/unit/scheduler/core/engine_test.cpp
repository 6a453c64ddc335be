#include "scheduler/core/engine.h"

#include "scheduler/policy/policy.h"
#include "tests/support/catch.h"
#include "tests/support/controller.h"

using namespace std::chrono_literals;
using namespace support;
using model::Cause;
using model::JobState;
using scheduler::SendAcknowledge;
using scheduler::SendLaunch;
using scheduler::SendStop;

namespace {

model::LaunchKey batch(model::JobId job, std::uint32_t attempt = 1) {
  return {job, attempt, std::nullopt};
}

/// Two nodes of two cores, and one job that has them and runs.
struct RunningJob {
  Controller controller;
  model::JobId job{1};

  explicit RunningJob(JobBuilder request = support::job().nodes(2).tasks_per_node(2),
                      scheduler::Settings settings = {})
      : controller(std::move(settings)) {
    controller.join(node("n1", 2));
    controller.join(node("n2", 2));
    job = *controller.submit(*request);
    (void)controller.give(scheduler::NodeSaysStarted{controller.node_id("n1"), batch(job)});
  }

  std::vector<scheduler::Action> ended(const std::string& on, model::LaunchReport report) {
    return controller.give(scheduler::NodeSaysEnded{controller.node_id(on), std::move(report)});
  }

  base::Result<scheduler::Answer> step(model::StepSpec spec) {
    spec.arguments = {"./a.out"};
    return controller.ask(
        scheduler::StartStep{controller.next_request(), user(), job, 1,
                             std::make_shared<const model::StepSpec>(std::move(spec))});
  }
};

}  // namespace

TEST_CASE("a job that fits starts at once, on the first node, with its order") {
  Controller controller;
  controller.join(node("n1", 2));
  const auto actions =
      controller.give(scheduler::SubmitJob{controller.next_request(), user(), *job().tasks(2)});
  const auto launches = only<SendLaunch>(actions);
  REQUIRE(launches.size() == 1);
  CHECK(to_text(launches[0].order.key) == "1.1.batch");
  CHECK(to_text(launches[0].order.allocation.nodes.at(0).cores) == "0-1");
  CHECK(controller.state_of(model::JobId(1)) == JobState::starting);
}

TEST_CASE("no action is handed out before the facts decided before it are durable") {
  scheduler::Engine engine({}, policy::make({}));
  const auto now = base::time_from_us(1);
  const auto joined = engine.handle(scheduler::NodeHello{hello(node("n1", 1))}, now);
  CHECK(engine.durable(0).empty());
  CHECK(engine.durable(joined.size()).size() == 1);
  const auto submitted =
      engine.handle(scheduler::SubmitJob{scheduler::RequestId(1), user(), *job()}, now);
  REQUIRE(submitted.size() == 1);
  REQUIRE(engine.plan(now).size() == 1);
  CHECK(engine.durable(1).empty());
  CHECK(only<scheduler::Reply>(engine.durable(2)).size() == 1);
  CHECK(only<SendLaunch>(engine.durable(3)).size() == 1);
}

TEST_CASE("a refusal also waits for what was decided before it") {
  scheduler::Engine engine({}, policy::make({}));
  const auto now = base::time_from_us(1);
  (void)engine.handle(scheduler::NodeHello{hello(node("n1", 1))}, now);
  CHECK(engine.handle(scheduler::CancelJob{scheduler::RequestId(1), user(), model::JobId(9)}, now)
            .empty());
  CHECK(engine.durable(0).empty());
  CHECK(only<scheduler::Reply>(engine.durable(1)).size() == 1);
}

TEST_CASE("a job runs, ends with its script's code, and gives everything back") {
  RunningJob t;
  CHECK(t.controller.state_of(t.job) == JobState::running);
  const auto actions = t.ended("n1", success(batch(t.job)));
  CHECK(only<SendAcknowledge>(actions).size() == 1);
  CHECK(t.controller.state_of(t.job) == JobState::completed);
  CHECK(t.controller.submit(*job().nodes(2).tasks_per_node(2)).has_value());
  CHECK(t.controller.state_of(model::JobId(2)) == JobState::starting);
}

TEST_CASE("a repeated report is acknowledged again and changes nothing") {
  RunningJob t;
  (void)t.ended("n1", success(batch(t.job)));
  const auto n_facts = t.controller.facts().size();
  CHECK(only<SendAcknowledge>(t.ended("n1", success(batch(t.job)))).size() == 1);
  CHECK(t.controller.facts().size() == n_facts);
}

TEST_CASE("a step starts on every node of the job and its failure is the job's reason") {
  RunningJob t;
  const auto answer = t.step({});
  REQUIRE(answer.has_value());
  const auto key = std::get<model::LaunchKey>(*answer);
  CHECK(to_text(key) == "1.1.0");
  const auto& steps = t.controller.engine().state().jobs.at(t.job);
  CHECK(scheduler::active_attempt(steps)->steps.at(model::StepId(0)).tasks ==
        std::vector<int>{2, 2});

  auto report = failure(key, Cause::signal, 139, "n2");
  report.failure->rank = 2;
  report.failure->code = 11;
  (void)t.ended("n2", report);
  (void)t.ended("n1", failure(key, Cause::peer_lost, 1));
  (void)t.ended("n1", failure(batch(t.job), Cause::exit_code, 139));
  const auto record = t.controller.engine().record_of(t.controller.engine().state().jobs.at(t.job));
  REQUIRE(record.outcome);
  CHECK(record.outcome->exit_code == 139);
  CHECK(describe(*record.outcome->failure) == "step 0: rank 2 on n2 was killed by SIGSEGV");
}

TEST_CASE("a launcher that was told to end is never the reason, whichever report comes first") {
  for (const bool lost_first : {true, false}) {
    CAPTURE(lost_first);
    RunningJob t;
    const auto key = std::get<model::LaunchKey>(*t.step({}));
    const auto lost = failure(key, Cause::launcher_lost, 137, "n1");
    const auto told = failure(key, Cause::told_to_end, 143, "n2");
    (void)t.ended("n1", failure(batch(t.job), Cause::exit_code, 1));
    (void)t.ended(lost_first ? "n1" : "n2", lost_first ? lost : told);
    (void)t.ended(lost_first ? "n2" : "n1", lost_first ? told : lost);
    const auto record =
        t.controller.engine().record_of(t.controller.engine().state().jobs.at(t.job));
    REQUIRE(record.outcome);
    CHECK(record.outcome->failure->cause == Cause::launcher_lost);
  }
}

TEST_CASE("a script that fails and leaves a step behind failed for its own reason") {
  RunningJob t;
  const auto key = std::get<model::LaunchKey>(*t.step({.nodes = 1, .tasks = 1}));
  (void)t.ended("n1", failure(batch(t.job), Cause::exit_code, 3));
  (void)t.ended("n1", failure(key, Cause::told_to_end, 143));
  const auto record = t.controller.engine().record_of(t.controller.engine().state().jobs.at(t.job));
  REQUIRE(record.outcome);
  CHECK(record.outcome->failure->cause == Cause::exit_code);
  CHECK_FALSE(record.outcome->failure->step);
}

TEST_CASE("steps that a script leaves behind are ended before the job is") {
  RunningJob t;
  const auto key = std::get<model::LaunchKey>(*t.step({.nodes = 1, .tasks = 1}));
  const auto actions = t.ended("n1", success(batch(t.job)));
  REQUIRE(only<SendStop>(actions).size() == 1);
  CHECK(only<SendStop>(actions)[0].key == key);
  CHECK(t.controller.state_of(t.job) == JobState::ending);
  (void)t.ended("n1", failure(key, Cause::signal, 143));
  CHECK(t.controller.state_of(t.job) == JobState::completed);
}

TEST_CASE("a step that does not fit is refused with what would") {
  RunningJob t;
  const auto answer = t.step({.nodes = {}, .tasks = 5});
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().text ==
        "5 tasks with 1 core each do not fit into job 1; at most 4 would (--ntasks=4), unless they "
        "share cores (--overcommit)");
  CHECK_FALSE(t.step({.nodes = 3}).has_value());
  CHECK_FALSE(t.step({.nodes = {}, .tasks = 0}).has_value());
}

TEST_CASE("a step runs on the nodes of the job that it names") {
  RunningJob t;
  const auto tasks_of_last = [&t] {
    return scheduler::active_attempt(t.controller.engine().state().jobs.at(t.job))
        ->steps.rbegin()
        ->second.tasks;
  };
  REQUIRE(t.step({.node_names = {"n2"}}));
  CHECK(tasks_of_last() == std::vector<int>{0, 2});
  REQUIRE(t.step({.node_names = {"n2", "n1"}, .tasks = 1}));
  CHECK(tasks_of_last() == std::vector<int>{1, 0});
  CHECK(t.step({.node_names = {"n1", "n9"}}).error().text ==
        "job 1 has no node 'n9'; it has n[1-2] (--nodelist)");
  CHECK(t.step({.nodes = 2, .node_names = {"n1"}}).error().text ==
        "the step asks for 2 nodes and names 1 (--nodelist)");
  CHECK_FALSE(t.step({.node_names = {"n1"}, .tasks = 3}));
}

TEST_CASE("a step has as many ranks as its roles, and no fewer programs than they need") {
  RunningJob t;
  const auto roles_of = [](model::Roles roles) {
    return model::StepSpec{.roles = std::move(roles), .arguments = {"x"}};
  };
  const auto answer = t.step(roles_of({{.name = "ps", .per_node = true}, {.name = "worker"}}));
  REQUIRE(answer);
  CHECK(scheduler::active_attempt(t.controller.engine().state().jobs.at(t.job))
            ->steps.at(model::StepId(0))
            .tasks == std::vector<int>{2, 1});
  auto wrong = roles_of({{.name = "worker", .count = 3}});
  wrong.tasks = 2;
  const auto refused = t.step(wrong);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("the roles have 3 ranks") != std::string::npos);
  auto uneven = roles_of({{.name = "cache", .count = 2, .per_node = true}});
  uneven.nodes = 1;
  CHECK(t.step(uneven));
  uneven.binding.overcommit = true;
  uneven.nodes = 2;
  uneven.roles->push_back({.name = "w", .count = 1});
  CHECK(t.step(uneven));
}

TEST_CASE("roles with cores of their own have room on each node, or are refused with numbers") {
  RunningJob t;  // two nodes with two cores each
  model::StepSpec step{.roles = model::Roles{{.name = "ps", .serves = true, .cores = 1},
                                             {.name = "worker", .count = 2, .cores = 1}},
                       .arguments = {"x"}};
  REQUIRE(t.step(step));
  CHECK(scheduler::active_attempt(t.controller.engine().state().jobs.at(t.job))
            ->steps.at(model::StepId(0))
            .tasks == std::vector<int>{2, 1});
  step.roles->back().cores = 2;
  const auto refused = t.step(step);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text ==
        "the roles need 3 cores for 2 ranks on n1, and the job has 2 there; ask for more when you "
        "submit it, or share cores (--overcommit)");
  step.binding.overcommit = true;
  CHECK(t.step(step));
  step.roles->back().gpus = 1;
  CHECK(t.step(step).error().text.find("1 GPU for 2 ranks on n1") != std::string::npos);
  step.roles->back().gpus.reset();
  step.tasks_per_node = 1;
  CHECK(t.step(step).error().text.find("--ntasks-per-node is 1") != std::string::npos);
}

TEST_CASE("a step may have more tasks than cores when that is no mistake, and none without GPUs") {
  RunningJob t;
  CHECK(t.step({.tasks = 7, .binding = {.overcommit = true}}).has_value());
  CHECK_FALSE(
      t.step({.tasks = 1, .gpus_per_task = 1, .binding = {.overcommit = true}}).has_value());
}

TEST_CASE("a cancelled job ends when its processes are gone, and only then") {
  RunningJob t;
  const auto actions =
      t.controller.give(scheduler::CancelJob{t.controller.next_request(), user(), t.job});
  CHECK(only<SendStop>(actions).size() == 1);
  CHECK(t.controller.state_of(t.job) == JobState::ending);
  (void)t.ended("n1", failure(batch(t.job), Cause::signal, 143));
  CHECK(t.controller.state_of(t.job) == JobState::cancelled);
  CHECK(t.controller.ask(scheduler::CancelJob{t.controller.next_request(), user(), t.job})
            .error()
            .code == base::Code::conflict);
}

TEST_CASE("others may not cancel, hold or use a job; root may cancel it") {
  RunningJob t(support::job().nodes(2).tasks_per_node(2), {.owner_uid = 500});
  const auto cancel = [&](std::uint32_t uid) {
    return t.controller.ask(scheduler::CancelJob{t.controller.next_request(), user(uid), t.job});
  };
  CHECK(cancel(1001).error().code == base::Code::denied);
  CHECK(cancel(0).has_value());
}

TEST_CASE("the time limit counts from the start of the script") {
  RunningJob t(support::job().minutes(1));
  t.controller.pass(59s);
  CHECK(t.controller.state_of(t.job) == JobState::running);
  t.controller.pass(1s);
  CHECK(t.controller.state_of(t.job) == JobState::ending);
  (void)t.ended("n1", failure(batch(t.job), Cause::signal, 143));
  CHECK(t.controller.state_of(t.job) == JobState::timed_out);
}

TEST_CASE("a repeated submission with the same token gives the same job") {
  Controller controller;
  const auto first = controller.submit(*job().token("abc"));
  CHECK(controller.submit(*job().token("abc")) == first);
  CHECK(controller.submit(*job().token("abc"), user(1001)) != first);
  CHECK(controller.submit(*job()) != controller.submit(*job()));
}

TEST_CASE("a held job waits until it is released") {
  Controller controller;
  controller.join(node("n1", 1));
  const auto id = *controller.submit(*job().hold());
  CHECK(describe(*controller.engine().reason_of(id)).starts_with("held by user1000"));
  CHECK(controller.ask(scheduler::ReleaseJob{controller.next_request(), user(), id}).has_value());
  CHECK(controller.state_of(id) == JobState::starting);
  CHECK(controller.ask(scheduler::HoldJob{controller.next_request(), user(), id}).error().code ==
        base::Code::conflict);
}

TEST_CASE("a node that comes back in time changes nothing for its job") {
  RunningJob t;
  (void)t.controller.give(scheduler::NodeGone{t.controller.node_id("n1")});
  t.controller.pass(59s);
  const auto actions = t.controller.give(
      scheduler::NodeHello{hello(node("n1", 2), {{.key = batch(t.job), .report = {}}})});
  CHECK(only<SendStop>(actions).empty());
  CHECK(only<SendLaunch>(actions).empty());
  t.controller.pass(1h);
  CHECK(t.controller.state_of(t.job) == JobState::running);
}

TEST_CASE("an order that never arrived is given again when the node is back") {
  Controller controller;
  controller.join(node("n1", 1));
  const auto id = *controller.submit(*job());
  (void)controller.give(scheduler::NodeGone{controller.node_id("n1")});
  const auto actions = controller.give(scheduler::NodeHello{hello(node("n1", 1))});
  REQUIRE(only<SendLaunch>(actions).size() == 1);
  CHECK(only<SendLaunch>(actions)[0].order.key == batch(id));
}

TEST_CASE("a launch that its node has forgotten is lost") {
  RunningJob t(support::job());
  (void)t.controller.give(scheduler::NodeHello{hello(node("n1", 2))});
  const auto record = t.controller.engine().record_of(t.controller.engine().state().jobs.at(t.job));
  CHECK(record.state == JobState::failed);
  CHECK(record.outcome->failure->cause == Cause::launcher_lost);
}

TEST_CASE("a job on a rebooted node waits again and starts with the next attempt") {
  RunningJob t(support::job());
  auto rebooted = node("n1", 2);
  rebooted.boot_id = "boot-2";
  (void)t.controller.give(scheduler::NodeHello{hello(rebooted)});
  CHECK(t.controller.state_of(t.job) == JobState::waiting);
  const auto reason = describe(*t.controller.engine().reason_of(t.job));
  CHECK(reason.find(", a pause after its last attempt: ") != std::string::npos);
  CHECK(reason.find(" n1 was lost") != std::string::npos);
  t.controller.pass(5s);
  const auto& restarted = t.controller.engine().state().jobs.at(t.job);
  CHECK(scheduler::active_attempt(restarted)->number == 2);
  CHECK(restarted.earlier.at(0).why.cause == Cause::node_lost);
}

TEST_CASE("a node that stays away is lost: its job ends elsewhere, then starts again") {
  RunningJob t;
  const auto key = std::get<model::LaunchKey>(*t.step({}));
  (void)t.controller.give(scheduler::NodeGone{t.controller.node_id("n2")});
  t.controller.pass(60s);
  CHECK(t.controller.state_of(t.job) == JobState::ending);
  (void)t.ended("n1", failure(key, Cause::signal, 143));
  (void)t.ended("n1", failure(batch(t.job), Cause::signal, 143));
  CHECK(t.controller.state_of(t.job) == JobState::waiting);
  t.controller.pass(5s);
  CHECK(describe(*t.controller.engine().reason_of(t.job)) ==
        "needs 2 nodes and 1 is connected; waiting for nodes to come (back)");

  // The lost node returns with what it still runs: only when that is gone does the second attempt
  // start.
  const auto actions =
      t.controller.give(scheduler::NodeHello{hello(node("n2", 2), {{.key = key, .report = {}}})});
  REQUIRE(only<SendStop>(actions).size() == 1);
  CHECK(only<SendStop>(actions)[0].key == key);
  CHECK(t.controller.state_of(t.job) == JobState::waiting);
  (void)t.ended("n2", failure(key, Cause::signal, 143));
  CHECK(t.controller.state_of(t.job) == JobState::starting);
}

TEST_CASE("a job that loses nodes too often ends with that reason") {
  scheduler::Settings settings;
  settings.requeue_limit = 1;
  RunningJob t(support::job(), settings);
  for (const std::string boot : {"boot-2", "boot-3"}) {
    auto info = node("n1", 2);
    info.boot_id = boot;
    (void)t.controller.give(scheduler::NodeHello{hello(info)});
    t.controller.pass(5s);
    const auto* attempt = scheduler::active_attempt(t.controller.engine().state().jobs.at(t.job));
    if (attempt == nullptr) break;
    (void)t.controller.give(
        scheduler::NodeSaysStarted{t.controller.node_id("n1"), batch(t.job, attempt->number)});
  }
  CHECK(t.controller.state_of(t.job) == JobState::node_lost);
}

TEST_CASE("agents of another protocol, pool or without cores are refused with the reason") {
  Controller controller;
  const auto refused = [&](model::AgentHello said) {
    const auto refusals =
        only<scheduler::Refuse>(controller.give(scheduler::NodeHello{std::move(said)}));
    return refusals.size() == 1 ? refusals[0].why : "not refused";
  };
  auto old = hello(node("n1", 1));
  old.version = 99;
  CHECK(refused(old).find("version 99") != std::string::npos);
  CHECK(refused(hello(node("n1", 1, 0, "gpu"))) == "there is no pool 'gpu'; the pools are default");
  CHECK(refused(hello(node("n1", 0))) == "it has no cores to offer");
  CHECK(refused(hello(node("n 1", 1))).find("not a node name") != std::string::npos);
}

TEST_CASE("ended jobs are dropped when there are too many, and their facts are forgotten") {
  scheduler::Settings settings;
  settings.jobs_kept = 1;
  Controller controller(settings);
  controller.join(node("n1", 1));
  for (int i = 0; i < 3; ++i) {
    const auto id = *controller.submit(*job().token(std::to_string(i)));
    (void)controller.give(scheduler::NodeSaysEnded{controller.node_id("n1"), success(batch(id))});
  }
  REQUIRE(controller.submit(*job().hold().token("held")));
  CHECK(controller.engine().state().ended.size() == 1);
  CHECK(controller.engine().state().jobs.size() == 2);
  CHECK(controller.engine().state().job_by_token.size() == 2);

  scheduler::Engine compacted(settings, policy::make({}));
  model::Seq seq = 0;
  for (const auto& fact : controller.engine().head(controller.now())) compacted.replay(++seq, fact);
  for (const auto& fact : controller.facts()) {
    if (!controller.engine().is_forgotten(fact)) compacted.replay(++seq, fact);
  }
  CHECK(compacted.state() == controller.engine().state());
}

TEST_CASE("a restarted controller knows nobody is connected until the agents dial in") {
  RunningJob t;
  (void)t.controller.give(scheduler::Restarted{});
  CHECK(t.controller.engine().state().nodes.at(t.controller.node_id("n1")).phase ==
        scheduler::NodePhase::away);
  CHECK(t.controller.state_of(t.job) == JobState::running);
  const auto report = success(batch(t.job));
  const auto actions = t.controller.give(
      scheduler::NodeHello{hello(node("n1", 2), {{.key = report.key, .report = report}})});
  CHECK(only<SendAcknowledge>(actions).size() == 1);
  CHECK(t.controller.state_of(t.job) == JobState::completed);
}
