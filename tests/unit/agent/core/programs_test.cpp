// Stories of the site's prolog and epilog around a launch.

#include <memory>

#include "agent/core/agent.h"
#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;
using model::Cause;

const model::LaunchKey script_of{model::JobId(17), 1, std::nullopt};
const model::LaunchKey around{model::JobId(17), 1, std::nullopt, true};
constexpr base::Time began = base::time_from_us(1'000'000'000);

std::shared_ptr<const model::LaunchOrder> order(const model::LaunchKey& key,
                                                const model::SitePrograms& programs) {
  model::LaunchOrder made{.key = key};
  made.job = std::make_shared<model::JobSpec>();
  made.site_programs = programs;
  return std::make_shared<const model::LaunchOrder>(made);
}

const model::SitePrograms both{.prolog = "begin", .epilog = "end"};
const model::LaunchReport well{
    .key = around, .started_at = began, .ended_at = began, .failure = {}};

struct ProgramBench {
  explicit ProgramBench(std::vector<agent::Found> found = {}) {
    say(agent::Restarted{std::move(found)});
  }
  ProgramBench& say(const agent::Input& input) {
    actions = agent.handle(input, now);
    return *this;
  }
  ProgramBench& pass(base::Duration time) {
    now += time;
    return say(agent::Tick{});
  }
  ProgramBench& connect() {
    say(agent::Connected{});
    return say(agent::Received{model::Welcome{.node = model::NodeId(1), .heartbeat = 2s}});
  }
  ProgramBench& launch(const model::LaunchKey& key, const model::SitePrograms& programs) {
    return say(agent::Received{model::Launch{*order(key, programs)}});
  }
  ProgramBench& run_preparation() {
    launch(around, both).say(agent::PrologEnded{around, {}});
    return say(agent::LauncherStarted{around});
  }
  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const auto& action : actions) {
      if (const auto* kind = std::get_if<Kind>(&action)) found.push_back(*kind);
    }
    return found;
  }
  std::optional<model::LaunchReport> told() const {
    for (const auto& send : all<agent::Send>()) {
      if (const auto* ended = std::get_if<model::ReportEnded>(&send.message)) return ended->report;
    }
    return std::nullopt;
  }

  agent::Agent agent{model::NodeInfo{.name = "n1"}, {}};
  std::vector<agent::Action> actions;
  base::Time now = began;
};

}  // namespace

TEST_CASE("a prolog goes before the launcher, an epilog between its end and the report") {
  ProgramBench bench;
  bench.connect().launch(around, both);
  REQUIRE(bench.all<agent::RunProlog>().size() == 1);
  CHECK(bench.all<agent::StartLauncher>().empty());
  CHECK(bench.launch(around, both).actions.empty());  // a repeated order
  bench.say(agent::PrologEnded{around, {}});
  REQUIRE(bench.all<agent::StartLauncher>().size() == 1);
  CHECK(bench.all<agent::StartLauncher>()[0].has_directory);
  bench.say(agent::LauncherStarted{around}).say(agent::Received{model::Stop{around}});
  bench.say(agent::LauncherEnded{around, well, {}});
  CHECK(bench.all<agent::RunEpilog>().size() == 1);
  CHECK_FALSE(bench.told());
  bench.say(agent::Received{model::Acknowledge{around}});
  CHECK(bench.agent.count_unacknowledged() == 1);
  bench.say(agent::EpilogEnded{around, "exited with code 4"});
  REQUIRE(bench.told());
  CHECK_FALSE(bench.told()->is_epilog_due);
  CHECK(bench.told()->epilog_fault == "exited with code 4");
  CHECK_FALSE(bench.told()->failure);
}

TEST_CASE("a failed prolog is kept, told at once, and told again after the epilog") {
  ProgramBench bench;
  bench.connect().launch(around, both).say(agent::PrologEnded{around, "no disk"});
  CHECK(bench.all<agent::StartLauncher>().empty());
  CHECK(bench.all<agent::KeepReport>().size() == 1);
  CHECK(bench.all<agent::RunEpilog>().size() == 1);
  REQUIRE(bench.told());
  CHECK(bench.told()->is_epilog_due);
  CHECK(bench.told()->failure->cause == Cause::prolog);
  CHECK(describe(*bench.told()->failure) == "the prolog on n1 failed: no disk");
  bench.say(agent::EpilogEnded{around, {}});
  REQUIRE(bench.told());
  CHECK_FALSE(bench.told()->is_epilog_due);
}

TEST_CASE("one that is stopped in its prolog never starts, and has its epilog") {
  ProgramBench bench;
  bench.connect().launch(around, both);
  CHECK(bench.say(agent::Received{model::Stop{around}}).actions.empty());
  bench.say(agent::PrologEnded{around, {}});
  CHECK(bench.all<agent::StartLauncher>().empty());
  CHECK(bench.all<agent::RunEpilog>().size() == 1);
  CHECK(bench.told()->failure->cause == Cause::cancelled);
}

TEST_CASE("an epilog waits for all else of its attempt on the node, also where it was lost early") {
  ProgramBench bench;
  bench.connect().run_preparation();
  bench.launch(script_of, {}).say(agent::LauncherStarted{script_of});
  bench.say(agent::LauncherEnded{around, {}, "it was killed by signal 9"});
  bench.say(agent::Cleaned{around});
  CHECK(bench.all<agent::RunEpilog>().empty());
  REQUIRE(bench.told());
  CHECK(bench.told()->is_epilog_due);
  bench.say(
      agent::LauncherEnded{script_of, model::LaunchReport{.key = script_of, .failure = {}}, {}});
  CHECK(bench.all<agent::RunEpilog>().size() == 1);
}

TEST_CASE("an epilog waits until what its attempt left is killed, but not for what does not end") {
  const model::LaunchReport script_well{.key = script_of, .failure = {}};
  const agent::LauncherEnded script_ended{
      .key = script_of, .report = script_well, .how = {}, .is_cleaning = true};
  const auto run_to_epilog = [&](ProgramBench& bench) {
    bench.connect().run_preparation();
    bench.launch(script_of, {}).say(agent::LauncherStarted{script_of}).say(script_ended);
    CHECK(bench.told() == script_well);
    bench.say(agent::LauncherEnded{.key = around, .report = well, .how = {}, .is_cleaning = true});
    CHECK(bench.all<agent::RunEpilog>().empty());
    bench.say(agent::Cleaned{around});
    CHECK(bench.all<agent::RunEpilog>().empty());
  };
  ProgramBench bench;
  run_to_epilog(bench);
  bench.say(agent::Cleaned{script_of});
  CHECK(bench.all<agent::RunEpilog>().size() == 1);

  ProgramBench stuck;
  run_to_epilog(stuck);
  stuck.say(agent::Outlived{script_of, {{.launch = script_of, .pid = 7}}});
  CHECK(stuck.all<agent::RunEpilog>().size() == 1);

  ProgramBench restarted({{around, agent::Reported{well, true}, order(around, both)}});
  CHECK(restarted.all<agent::RunEpilog>().empty());
  restarted.say(agent::Cleaned{around});
  CHECK(restarted.all<agent::RunEpilog>().size() == 1);

  ProgramBench known;
  known.connect().run_preparation();
  known.say(agent::Outlived{around, {{.launch = around, .pid = 7}}});
  known.say(agent::LauncherEnded{.key = around, .report = well, .how = {}, .is_cleaning = true});
  CHECK(known.all<agent::RunEpilog>().size() == 1);
}

TEST_CASE("a preparation that ends by itself is told at once") {
  ProgramBench bench;
  bench.connect().run_preparation();
  bench.say(agent::LauncherEnded{around, well, {}});
  REQUIRE(bench.told());
  CHECK(bench.told()->is_epilog_due);
  bench.say(agent::EpilogEnded{around, {}});
  CHECK(bench.told() == well);
}

TEST_CASE("a prolog found at the start leads to a launch that the controller still wants") {
  const std::vector<agent::Found> found{{around, agent::PrologDue{}, order(around, both)}};
  const auto n_starts = [](const ProgramBench& bench) {
    return bench.all<agent::StartLauncher>().size();
  };
  ProgramBench wanted(found);
  wanted.say(agent::PrologEnded{around, {}}).connect();
  CHECK(n_starts(wanted) == 0);
  REQUIRE(wanted.agent.next_deadline());
  wanted.pass(1s);
  CHECK(n_starts(wanted) == 1);

  ProgramBench cut(found);
  cut.say(agent::PrologEnded{around, {}}).connect().say(agent::Disconnected{}).pass(1s);
  CHECK(n_starts(cut) == 0);
  CHECK(n_starts(cut.connect().pass(1s)) == 1);

  ProgramBench late(found);
  late.connect().pass(1s).say(agent::PrologEnded{around, {}});
  CHECK(n_starts(late) == 1);

  ProgramBench ordered(found);
  ordered.say(agent::PrologEnded{around, {}}).connect().launch(around, both);
  CHECK(n_starts(ordered) == 1);

  for (const bool is_down : {false, true}) {
    ProgramBench stopped(found);
    stopped.say(agent::PrologEnded{around, {}}).connect();
    stopped.say(agent::Received{is_down ? model::ToAgent(model::ShutDown{})
                                        : model::ToAgent(model::Stop{around})});
    CHECK(n_starts(stopped) == 0);
    CHECK(stopped.all<agent::RunEpilog>().size() == 1);
    REQUIRE(stopped.told());
    CHECK(stopped.told()->failure->cause == Cause::cancelled);
  }
}

TEST_CASE("an agent that is shut down gives the programs of the site their time") {
  ProgramBench bench;
  const auto n_exits = [&bench] { return bench.all<agent::Exit>().size(); };
  auto slow = both;
  slow.epilog_limit = 1h;
  bench.connect().launch(around, slow).say(agent::PrologEnded{around, {}});
  bench.say(agent::LauncherStarted{around}).say(agent::Received{model::ShutDown{}});
  bench.say(agent::LauncherEnded{around, well, {}});
  bench.pass(59min);
  CHECK(n_exits() == 0);
  bench.pass(5min);
  CHECK(n_exits() == 1);
}

TEST_CASE("an epilog that ends between hello and welcome is told after that") {
  ProgramBench bench({{around, agent::Reported{well}, order(around, both)}});
  bench.say(agent::Connected{}).say(agent::EpilogEnded{around, {}});
  CHECK_FALSE(bench.told());
  bench.say(agent::Received{model::Welcome{.node = model::NodeId(1), .heartbeat = 2s}});
  CHECK(bench.told() == well);
}

TEST_CASE("the next agent goes on with a prolog and an epilog where an agent died") {
  ProgramBench begun({{around, agent::PrologDue{}, order(around, both)}});
  CHECK(begun.all<agent::RunProlog>().size() == 1);

  ProgramBench due({{around, agent::Reported{well}, order(around, both)}});
  REQUIRE(due.all<agent::RunEpilog>().size() == 1);
  due.connect();
  due.say(agent::EpilogEnded{around, {}});
  CHECK(due.told() == well);

  ProgramBench done({{around, agent::Reported{well}}});
  CHECK(done.all<agent::RunEpilog>().empty());

  ProgramBench rebooted({{around, agent::LauncherGone{began, true}, order(around, both)}});
  CHECK(rebooted.all<agent::RunEpilog>().size() == 1);

  ProgramBench running({{around, agent::StillRunning{began}, order(around, both)}});
  CHECK(running.actions.empty());
  running.say(agent::LauncherEnded{around, well, {}});
  CHECK(running.all<agent::RunEpilog>().size() == 1);
}

TEST_CASE("a site may have either of them alone") {
  ProgramBench bench;
  bench.connect().launch(around, {.epilog = "end"});
  REQUIRE(bench.all<agent::StartLauncher>().size() == 1);
  CHECK_FALSE(bench.all<agent::StartLauncher>()[0].has_directory);
  bench.say(agent::LauncherStarted{around});
  bench.say(agent::LauncherEnded{around, well, {}});
  CHECK(bench.all<agent::RunEpilog>().size() == 1);

  ProgramBench other;
  other.connect().launch(around, {.prolog = "begin"});
  other.say(agent::PrologEnded{around, {}}).say(agent::LauncherStarted{around});
  other.say(agent::LauncherEnded{around, well, {}});
  CHECK(other.all<agent::RunEpilog>().empty());
  CHECK(other.told() == well);
}
