#include "agent/core/agent.h"

#include <memory>

#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;
using agent::Action;
using agent::Agent;
using model::Cause;

const model::LaunchKey batch{model::JobId(17), 1, std::nullopt};
const model::LaunchKey step{model::JobId(17), 1, model::StepId(0)};
const model::LaunchKey later{model::JobId(17), 2, std::nullopt};

constexpr base::Time start = base::time_from_us(1'000'000'000);

model::NodeInfo node() {
  model::NodeInfo info;
  info.name = "n1";
  return info;
}

model::Launch launch(const model::LaunchKey& key) {
  return {.order = {.key = key,
                    .user = {},
                    .job = std::make_shared<model::JobSpec>(),
                    .step = {},
                    .allocation = {},
                    .node_index = 0,
                    .tasks = {},
                    .kill_grace = {},
                    .cluster = {},
                    .pool = {},
                    .controller = {},
                    .head_address = {},
                    .secret = {}}};
}

model::LaunchReport report(const model::LaunchKey& key, int exit_code = 0) {
  return {.key = key,
          .started_at = start,
          .ended_at = start,
          .exit_code = exit_code,
          .failure = {},
          .usage = {},
          .ranks = {}};
}

/// An agent with the actions of its last input.
class Bench {
 public:
  explicit Bench(std::vector<agent::Found> found = {}) { say(agent::Restarted{std::move(found)}); }

  Bench& say(const agent::Input& input) {
    actions = agent.handle(input, now);
    return *this;
  }
  Bench& receive(const model::ToAgent& message) { return say(agent::Received{message}); }
  Bench& connect() {
    say(agent::Connected{});
    return receive(model::Welcome{.node = model::NodeId(1), .heartbeat = 2s});
  }
  Bench& run(const model::LaunchKey& key) {
    receive(launch(key));
    return say(agent::LauncherStarted{key});
  }
  Bench& finish(const model::LaunchKey& key, int exit_code = 0) {
    return say(agent::LauncherEnded{key, report(key, exit_code), {}});
  }
  Bench& wait(base::Duration time) {
    now += time;
    return say(agent::Tick{});
  }

  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const Action& action : actions) {
      if (const auto* kind = std::get_if<Kind>(&action)) found.push_back(*kind);
    }
    return found;
  }
  template <class Message>
  std::vector<Message> sent() const {
    std::vector<Message> found;
    for (const auto& send : all<agent::Send>()) {
      if (const auto* kind = std::get_if<Message>(&send.message)) found.push_back(*kind);
    }
    return found;
  }
  std::optional<model::Failure> told_failure() const {
    const auto ended = sent<model::ReportEnded>();
    return ended.empty() ? std::nullopt : ended.front().report.failure;
  }

  Agent agent{node(), {}};
  base::Time now = start;
  std::vector<Action> actions;
};

}  // namespace

TEST_CASE("a new agent says hello when it is connected") {
  Bench bench;
  bench.say(agent::Connected{});
  const auto hello = bench.sent<model::AgentHello>();
  REQUIRE(hello.size() == 1);
  CHECK(hello[0].info.name == "n1");
  CHECK(hello[0].launches.empty());
}

TEST_CASE("a hello tells the address that the connection has, where that is the node's") {
  Bench bench;
  bench.say(agent::Connected{.address = "10.0.0.7"});
  CHECK(bench.sent<model::AgentHello>().at(0).info.address == "10.0.0.7");
  bench.say(agent::Disconnected{}).say(agent::Connected{});
  CHECK(bench.sent<model::AgentHello>().at(0).info.address == "10.0.0.7");
}

TEST_CASE("a hello without an answer is said again") {
  Bench bench;
  bench.say(agent::Connected{});
  CHECK(bench.wait(4s).actions.empty());
  CHECK(bench.wait(1s).sent<model::AgentHello>().size() == 1);
  bench.receive(model::Welcome{.node = model::NodeId(1), .heartbeat = 2s});
  CHECK(bench.wait(60s).sent<model::AgentHello>().empty());
}

TEST_CASE("heartbeats are sent as often as the controller asks") {
  Bench bench;
  bench.connect();
  CHECK(bench.agent.next_deadline() == bench.now + 2s);
  CHECK(bench.wait(1s).actions.empty());
  CHECK(bench.wait(1s).sent<model::Heartbeat>().size() == 1);
  CHECK(bench.agent.next_deadline() == bench.now + 2s);
  bench.say(agent::Disconnected{});
  CHECK(!bench.agent.next_deadline());
}

TEST_CASE("a refused agent waits to be disconnected") {
  Bench bench;
  bench.say(agent::Connected{}).receive(model::Refused{.why = "another n1 is connected"});
  CHECK(bench.actions.empty());
  CHECK(!bench.agent.next_deadline());
}

TEST_CASE("a launch is started, reported, acknowledged and remembered") {
  Bench bench;
  bench.connect().receive(launch(batch));
  REQUIRE(bench.all<agent::StartLauncher>().size() == 1);
  bench.say(agent::LauncherStarted{batch});
  CHECK(bench.sent<model::ReportStarted>().size() == 1);
  bench.finish(batch, 3);
  CHECK(bench.all<agent::KeepReport>().empty());
  REQUIRE(bench.sent<model::ReportEnded>().size() == 1);
  CHECK(bench.sent<model::ReportEnded>()[0].report.exit_code == 3);
  bench.receive(model::Acknowledge{batch});
  CHECK(bench.all<agent::MarkAcknowledged>().size() == 1);
  CHECK(bench.receive(model::Acknowledge{batch}).actions.empty());
  CHECK(bench.receive(launch(batch)).actions.empty());
  CHECK(bench.receive(model::Stop{batch}).actions.empty());
  CHECK(bench.agent.count_running() + bench.agent.count_unacknowledged() == 0);
}

TEST_CASE("a repeated order is answered by what is known and starts nothing") {
  Bench bench;
  bench.connect().receive(launch(batch));
  CHECK(bench.receive(launch(batch)).actions.empty());
  bench.say(agent::LauncherStarted{batch}).receive(launch(batch));
  CHECK(bench.actions.size() == 1);
  CHECK(bench.sent<model::ReportStarted>().size() == 1);
  bench.finish(batch).receive(launch(batch));
  CHECK(bench.actions.size() == 1);
  CHECK(bench.sent<model::ReportEnded>().size() == 1);
}

TEST_CASE("the batch script and the steps of an attempt are launches of their own") {
  Bench bench;
  bench.connect().run(batch).receive(launch(step));
  CHECK(bench.all<agent::StartLauncher>().size() == 1);
}

TEST_CASE("an order of an earlier attempt is refused, whatever became of the later one") {
  const std::size_t stage = GENERATE(0U, 1U, 2U);
  Bench bench;
  bench.connect().run(later);
  if (stage >= 1) bench.finish(later);
  if (stage >= 2) bench.receive(model::Acknowledge{later});
  bench.receive(launch(batch));
  CHECK(bench.all<agent::StartLauncher>().empty());
  CHECK(bench.all<agent::KeepReport>().size() == 1);
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->cause == Cause::cancelled);
  CHECK(bench.told_failure()->text == "never started: superseded by a later attempt");
}

TEST_CASE("a later attempt is started beside an earlier one, and so are other jobs") {
  Bench bench;
  bench.connect().run(batch).receive(launch(later));
  CHECK(bench.all<agent::StartLauncher>().size() == 1);
  bench.receive(launch({model::JobId(16), 1, std::nullopt}));
  CHECK(bench.all<agent::StartLauncher>().size() == 1);
}

TEST_CASE("a launch that is stopped before it is known never starts") {
  Bench bench;
  bench.connect().receive(model::Stop{batch});
  REQUIRE(bench.all<agent::KeepReport>().size() == 1);
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->cause == Cause::cancelled);
  CHECK(bench.told_failure()->text == "never started");
  CHECK(bench.told_failure()->node == "n1");
  bench.receive(launch(batch));
  CHECK(bench.all<agent::StartLauncher>().empty());
  CHECK(bench.sent<model::ReportEnded>().size() == 1);
  bench.receive(model::Acknowledge{batch});
  CHECK(bench.receive(launch(batch)).actions.empty());
}

TEST_CASE("a running launch is stopped each time the controller says so") {
  Bench bench;
  bench.connect().run(batch);
  CHECK(bench.receive(model::Stop{batch}).all<agent::StopLauncher>().size() == 1);
  CHECK(bench.receive(model::Stop{batch}).all<agent::StopLauncher>().size() == 1);
  bench.finish(batch, 143);
  bench.receive(model::Stop{batch});
  CHECK(bench.all<agent::StopLauncher>().empty());
  CHECK(bench.sent<model::ReportEnded>().size() == 1);
}

TEST_CASE("a launch stopped while its launcher is being started is stopped when it has") {
  Bench bench;
  bench.connect().receive(launch(batch)).receive(model::Stop{batch});
  CHECK(bench.actions.empty());
  CHECK(bench.say(agent::LauncherStarted{batch}).all<agent::StopLauncher>().size() == 1);
}

TEST_CASE("a launcher that cannot be started is a failed launch") {
  Bench bench;
  bench.connect().receive(launch(step));
  bench.say(agent::LauncherFailed{step, "cannot make '17.1.0': No space left on device"});
  CHECK(bench.all<agent::KeepReport>().size() == 1);
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->cause == Cause::cannot_start);
  CHECK(bench.told_failure()->text == "cannot make '17.1.0': No space left on device");
  CHECK(bench.told_failure()->step == model::StepId(0));
}

TEST_CASE("what a killed launcher left is cleaned up before its launch is reported") {
  Bench bench;
  bench.connect().run(step);
  bench.say(agent::LauncherEnded{step, {}, "killed by signal 9"});
  CHECK(bench.all<agent::CleanUp>().size() == 1);
  CHECK(bench.sent<model::ReportEnded>().empty());
  CHECK(bench.receive(model::Stop{step}).actions.empty());
  bench.say(agent::Cleaned{step});
  CHECK(bench.all<agent::KeepReport>().size() == 1);
  const auto ended = bench.sent<model::ReportEnded>();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].report.exit_code == 137);
  REQUIRE(ended[0].report.failure);
  CHECK(ended[0].report.failure->cause == Cause::launcher_lost);
  CHECK(ended[0].report.failure->text == "killed by signal 9");
  CHECK(ended[0].report.started_at == start);
}

TEST_CASE("an unacknowledged report is repeated") {
  Bench bench;
  bench.connect().run(batch).finish(batch);
  CHECK(bench.wait(4s).sent<model::ReportEnded>().empty());
  CHECK(bench.wait(1s).sent<model::ReportEnded>().size() == 1);
  CHECK(bench.wait(5s).sent<model::ReportEnded>().size() == 1);
  bench.receive(model::Acknowledge{batch});
  CHECK(bench.wait(60s).sent<model::ReportEnded>().empty());
}

TEST_CASE("what happens while the controller is away is told when it is back") {
  Bench bench;
  bench.connect().run(batch).run(step).say(agent::Disconnected{});
  CHECK(bench.finish(batch).actions.empty());
  bench.say(agent::Connected{});
  const auto hello = bench.sent<model::AgentHello>();
  REQUIRE(hello.size() == 1);
  REQUIRE(hello[0].launches.size() == 2);
  CHECK(hello[0].launches[0].key == step);
  CHECK(!hello[0].launches[0].report);
  CHECK(hello[0].launches[1].key == batch);
  CHECK(hello[0].launches[1].report);
}

TEST_CASE("what happens between the hello and its answer is told after the answer") {
  Bench bench;
  bench.connect().run(batch).receive(launch(step)).say(agent::Disconnected{});
  bench.say(agent::Connected{});
  CHECK(bench.say(agent::LauncherStarted{step}).actions.empty());
  CHECK(bench.finish(batch).actions.empty());
  bench.receive(model::Welcome{.node = model::NodeId(1), .heartbeat = 2s});
  CHECK(bench.sent<model::ReportStarted>().size() == 1);
  CHECK(bench.sent<model::ReportEnded>().size() == 1);
}

TEST_CASE("a restarted agent takes up what it finds on disk") {
  Bench bench({{batch, agent::StillRunning{start}},
               {step, agent::Reported{report(step, 4)}},
               {later, agent::Settled{}}});
  CHECK(bench.actions.empty());
  bench.say(agent::Connected{});
  const auto hello = bench.sent<model::AgentHello>();
  REQUIRE(hello.size() == 1);
  REQUIRE(hello[0].launches.size() == 2);
  bench.receive(model::Welcome{.node = model::NodeId(1), .heartbeat = 2s});
  for (const auto& key : {batch, step, later}) {
    CHECK(bench.receive(launch(key)).all<agent::StartLauncher>().empty());
  }
  CHECK(bench.finish(batch).sent<model::ReportEnded>().size() == 1);
}

TEST_CASE("a launcher that is gone after the agent's restart is cleaned up and reported") {
  Bench bench({{step, agent::LauncherGone{.started_at = start, .rebooted = false}}});
  CHECK(bench.all<agent::CleanUp>().size() == 1);
  bench.connect().say(agent::Cleaned{step});
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->cause == Cause::launcher_lost);
}

TEST_CASE("what ran before a reboot of the machine is lost with the node") {
  Bench bench({{step, agent::LauncherGone{.started_at = start, .rebooted = true}}});
  CHECK(bench.all<agent::CleanUp>().empty());
  CHECK(bench.all<agent::KeepReport>().size() == 1);
  bench.say(agent::Connected{});
  const auto hello = bench.sent<model::AgentHello>();
  REQUIRE(hello.size() == 1);
  REQUIRE(hello[0].launches.size() == 1);
  REQUIRE(hello[0].launches[0].report);
  const auto& failure = hello[0].launches[0].report->failure;
  REQUIRE(failure);
  CHECK(failure->cause == Cause::node_lost);
  CHECK(failure->text == "rebooted");
}

TEST_CASE("a launcher that does not end when it is told to is killed, and cleaned up after") {
  Bench bench;
  bench.connect();
  auto order = launch(batch);
  order.order.kill_grace = 10s;
  bench.receive(order).say(agent::LauncherStarted{batch});
  CHECK(bench.receive(model::Stop{batch}).all<agent::StopLauncher>().size() == 1);
  CHECK(bench.wait(9s).all<agent::KillLauncher>().empty());
  CHECK(bench.receive(model::Stop{batch}).all<agent::StopLauncher>().size() == 1);
  CHECK(bench.wait(5s).all<agent::KillLauncher>().empty());
  CHECK(bench.wait(1s).all<agent::KillLauncher>().size() == 1);
  CHECK(bench.receive(model::Stop{batch}).wait(60s).all<agent::KillLauncher>().empty());
  bench.say(agent::LauncherEnded{batch, {}, "it was killed by signal 9"});
  CHECK(bench.all<agent::CleanUp>().size() == 1);
  bench.say(agent::Cleaned{batch});
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->cause == Cause::launcher_lost);
  CHECK(bench.told_failure()->text == "it did not end when it was told to, and was killed");
}

TEST_CASE("the time of a launcher that was found running is known too") {
  Bench bench({{batch, agent::StillRunning{.started_at = start, .kill_grace = 30s}}});
  bench.connect().receive(model::Stop{batch});
  CHECK(bench.wait(34s).all<agent::KillLauncher>().empty());
  CHECK(bench.wait(1s).all<agent::KillLauncher>().size() == 1);
}

TEST_CASE("a launcher that ends in its time is not killed") {
  Bench bench;
  bench.connect().run(batch).receive(model::Stop{batch}).finish(batch, 143);
  CHECK(bench.wait(60s).all<agent::KillLauncher>().empty());
}

TEST_CASE("a shut-down ends everything, waits for the acknowledgements, then exits") {
  Bench bench;
  bench.connect().run(batch).receive(model::ShutDown{});
  CHECK(bench.all<agent::StopLauncher>().size() == 1);
  CHECK(bench.receive(model::ShutDown{}).actions.empty());
  bench.receive(launch({model::JobId(18), 1, std::nullopt}));
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->text == "never started: the node is shutting down");
  CHECK(bench.finish(batch, 143).all<agent::Exit>().empty());
  CHECK(bench.receive(model::Acknowledge{batch}).all<agent::Exit>().empty());
  bench.receive(model::Acknowledge{{model::JobId(18), 1, std::nullopt}});
  CHECK(bench.all<agent::Exit>().size() == 1);
  CHECK(bench.receive(launch(later)).actions.empty());
  CHECK(!bench.agent.next_deadline());
}

TEST_CASE("an idle agent exits at once when it is told to shut down") {
  Bench bench;
  CHECK(bench.connect().receive(model::ShutDown{}).all<agent::Exit>().size() == 1);
}

TEST_CASE("a shut-down that nobody acknowledges ends all the same") {
  Bench bench;
  bench.connect().run(batch).receive(model::ShutDown{}).finish(batch);
  bench.say(agent::Disconnected{});
  REQUIRE(bench.agent.next_deadline() == start + 90s);
  CHECK(bench.wait(90s).all<agent::Exit>().size() == 1);
}

TEST_CASE("only so many settled launches are remembered, the oldest are forgotten") {
  agent::Limits limits;
  limits.settled_keys = 2;
  Agent small(node(), limits);
  const auto key = [](std::uint32_t job) {
    return model::LaunchKey{model::JobId(job), 1, std::nullopt};
  };
  small.handle(
      agent::Restarted{
          {{key(1), agent::Settled{}}, {key(2), agent::Settled{}}, {key(3), agent::Settled{}}}},
      start);
  small.handle(agent::Connected{}, start);
  CHECK(small.handle(agent::Received{launch(key(3))}, start).empty());
  CHECK(small.handle(agent::Received{launch(key(2))}, start).empty());
  CHECK(small.handle(agent::Received{launch(key(1))}, start).size() == 1);
}

namespace {

const model::LaunchKey preparation{batch.job, batch.attempt, {}, true};

}  // namespace

TEST_CASE("what a preparation has made is told, and again by the hello of another connection") {
  Bench bench;
  bench.connect().run(preparation);
  CHECK(bench.sent<model::ReportStarted>().size() == 1);
  bench.say(agent::LauncherPrepared{preparation});
  REQUIRE(bench.sent<model::ReportPrepared>().size() == 1);
  CHECK(bench.say(agent::LauncherPrepared{preparation}).actions.empty());
  bench.say(agent::Disconnected{}).say(agent::Connected{});
  const auto hello = bench.sent<model::AgentHello>();
  REQUIRE(hello.size() == 1);
  CHECK(hello[0].launches[0].is_prepared);
}

TEST_CASE("a node that is prepared between the hello and its answer is told of after the answer") {
  Bench bench;
  bench.connect().run(preparation);
  bench.say(agent::Disconnected{}).say(agent::Connected{});
  CHECK(bench.say(agent::LauncherPrepared{preparation}).actions.empty());
  bench.receive(model::Welcome{.node = model::NodeId(1), .heartbeat = 2s});
  CHECK(bench.sent<model::ReportPrepared>().size() == 1);
}

TEST_CASE("a preparation that loses its launcher has failed as one") {
  Bench bench;
  bench.connect().run(preparation);
  bench.say(agent::LauncherEnded{preparation, {}, "it was killed by signal 9"});
  bench.say(agent::Cleaned{preparation});
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->cause == model::Cause::preparation);
  CHECK(bench.told_failure()->text == "it lost its launcher: it was killed by signal 9");
}

namespace {

model::Undying undying(const model::LaunchKey& key) {
  return {.launch = key,
          .pid = 4711,
          .command = "python3",
          .state = "D",
          .since = start,
          .cores = model::CoreSet::range(1, 1),
          .gpus = {}};
}

}  // namespace

TEST_CASE("what a launcher leaves that does not die is told before the end of its launch") {
  Bench bench;
  bench.connect().run(batch);
  bench.say(agent::Outlived{batch, {undying(batch)}});
  REQUIRE(bench.sent<model::ReportUndying>().size() == 1);
  CHECK(bench.sent<model::ReportUndying>().front().undying == std::vector{undying(batch)});
  CHECK(bench.finish(batch).sent<model::ReportEnded>().size() == 1);

  CHECK(bench.say(agent::Outlived{batch, {undying(batch)}}).actions.empty());  // no news
  bench.say(agent::Disconnected{}).say(agent::Connected{});
  CHECK(bench.sent<model::AgentHello>().front().undying == std::vector{undying(batch)});
  bench.receive(model::Welcome{.node = model::NodeId(1), .heartbeat = 2s});
  CHECK(bench.sent<model::ReportUndying>().empty());  // the hello said it

  bench.say(agent::Cleaned{batch});
  REQUIRE(bench.sent<model::ReportUndying>().size() == 1);
  CHECK(bench.sent<model::ReportUndying>().front().undying.empty());
}

TEST_CASE("a launch whose launcher was killed ends though a process of it does not") {
  Bench bench;
  bench.connect().run(batch).say(agent::LauncherEnded{batch, {}, "it was killed by signal 9"});
  CHECK(bench.sent<model::ReportEnded>().empty());
  bench.say(agent::Outlived{batch, {undying(batch)}});
  REQUIRE(bench.told_failure());
  CHECK(bench.told_failure()->cause == Cause::launcher_lost);
  CHECK(bench.sent<model::ReportUndying>().size() == 1);
  CHECK(bench.say(agent::Cleaned{batch}).sent<model::ReportEnded>().empty());  // it has ended
}

TEST_CASE("an agent that starts again tells what an earlier one saw not die") {
  Bench bench({{batch, agent::Settled{}}});
  bench.say(agent::Outlived{batch, {undying(batch)}});
  CHECK(bench.say(agent::Connected{}).sent<model::AgentHello>().front().undying.size() == 1);
}
