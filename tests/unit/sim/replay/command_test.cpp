#include "sim/replay/command.h"

#include "lib/base/text.h"
#include "tests/support/catch.h"

using replay::Command;
using replay::parse_command;

namespace {

Command command(const std::vector<std::string>& words, const replay::Tuning& tuning = {}) {
  auto parsed = parse_command(words);
  if (!parsed) FAIL(parsed.error().text);
  tune(*parsed, tuning);
  return *parsed;
}

std::string command_error(const std::vector<std::string>& words) {
  const auto parsed = parse_command(words);
  return parsed ? "" : parsed.error().text;
}

}  // namespace

TEST_CASE("a log alone is replayed by fcfs with EASY backfilling") {
  const auto plain = command({"x.swf"});
  CHECK(plain.log == "x.swf");
  REQUIRE(plain.candidates.size() == 1);
  CHECK(plain.candidates[0].name == "fcfs");
  CHECK(plain.candidates[0].options.order == policy::Order::fcfs);
  CHECK(plain.candidates[0].options.depth == 1);
  CHECK(plain.reading.filter == replay::Filter::strong);
  CHECK_FALSE(plain.reading.machine);
  CHECK_FALSE(plain.json);
  CHECK(settings_text(plain) == "backfill easy, requested times, event order batch");
}

TEST_CASE("every option has its effect") {
  const auto all =
      command({"--machine", "16x8", "--filter=none", "x.swf", "--policy", "lxf", "--backfill=7",
               "--backfill-order", "sjf", "--estimates", "actual", "--event-order", "pyss",
               "--schedule", "o.swf", "--chart", "o.svg", "--json", "--skip-bad"});
  CHECK(all.reading.machine == replay::MachineSize{16, 8});
  CHECK(all.reading.filter == replay::Filter::none);
  CHECK(all.reading.skip_bad);
  CHECK(all.candidates[0].options.order == policy::Order::lxf);
  CHECK(all.candidates[0].options.depth == 7);
  CHECK(all.candidates[0].options.backfill_order == policy::BackfillOrder::sjf);
  CHECK(all.options.estimates == replay::Estimates::actual);
  CHECK(all.options.event_order == replay::EventOrder::pyss);
  CHECK(all.schedule == "o.swf");
  CHECK(all.chart == "o.svg");
  CHECK(all.json);
  CHECK(settings_text(all) == "backfill 7 shortest first, actual times, event order pyss");
}

TEST_CASE("depths of backfilling have names") {
  const auto depth = [](const std::string& text) {
    return command({"x", "--backfill", text}).candidates[0].options.depth;
  };
  CHECK(depth("none") == 0);
  CHECK(depth("0") == 0);
  CHECK(depth("easy") == 1);
  CHECK(depth("conservative") == policy::Options::unlimited);
  CHECK(depth("100") == 100);
}

TEST_CASE("policies to compare come in a list, or one by one") {
  const auto four = command({"x", "--policy", "fcfs,wfp3", "--policy=sjf", "--policy", "lxf"});
  std::vector<std::string> names;
  for (const auto& one : four.candidates) names.push_back(one.name);
  CHECK(base::join(names, " ") == "fcfs wfp3 sjf lxf");
  CHECK(four.candidates[1].options.order == policy::Order::wfp3);
}

TEST_CASE("a command line that makes no sense says what was expected") {
  CHECK(command_error({}) == "expected a LOG to replay, or --history");
  CHECK(command_error({"a", "--history"}) == "expected no LOG beside --history, found 'a'");
  CHECK(command_error({"a", "--dir", "d"}) == "--dir: expected --history with it");
  CHECK(command_error({"--history", "--dir="}) == "--dir: expected a directory, found ''");
  CHECK(command_error({"a", "b"}) == "expected one LOG, found also 'b'");
  CHECK(command_error({"a", "--policy", "best"}) ==
        "--policy: expected fcfs, sjf, lxf, wfp3, predicted or served, found 'best'");
  CHECK(command_error({"a", "--policy", "fcfs,"}) ==
        "--policy: expected fcfs, sjf, lxf, wfp3, predicted or served, found ''");
  CHECK(command_error({"a", "--policy", "fcfs,fcfs"}) == "--policy: 'fcfs' is named twice");
  CHECK(command_error({"a", "--backfill", "-1"}) ==
        "--backfill: expected none, easy, conservative or a number of jobs, found '-1'");
  CHECK(command_error({"a", "--backfill-order", "x"}) ==
        "--backfill-order: expected queue or sjf, found 'x'");
  CHECK(command_error({"a", "--estimates", ""}) ==
        "--estimates: expected requested, actual, predicted or none, found ''");
  CHECK(command_error({"a", "--event-order", "x"}) ==
        "--event-order: expected batch or pyss, found 'x'");
  CHECK(command_error({"a", "--filter", "x"}) == "--filter: expected strong or none, found 'x'");
  CHECK(command_error({"a", "--machine", "x"}).starts_with("--machine: expected a number of "));
  CHECK(command_error({"a", "--chart="}) == "--chart: expected the name of a file, found ''");
  CHECK(command_error({"a", "--policy", "fcfs,sjf", "--schedule", "o"}) ==
        "--schedule: expected one --policy, found 2");
  CHECK(command_error({"a", "--polcy", "x"}) ==
        "unknown option '--polcy'; did you mean '--policy'?");
}

TEST_CASE("what the command line leaves open is as configured") {
  const replay::Tuning tuning{.order = "predicted",
                              .policy = {.order = policy::Order::predicted,
                                         .depth = 5,
                                         .backfill_order = policy::BackfillOrder::sjf,
                                         .weights = {.fair_share = 7}},
                              .settings = {.jobs_kept = 3}};
  const auto open = command({"x", "--config", "m.toml", "--set", "scheduler.fair_share=7"}, tuning);
  CHECK(open.config == "m.toml");
  CHECK(open.changes == std::vector<std::string>{"scheduler.fair_share=7"});
  REQUIRE(open.candidates.size() == 1);
  CHECK(open.candidates[0].name == "predicted");
  CHECK(open.candidates[0].options.depth == 5);
  CHECK(open.candidates[0].options.weights.fair_share == 7);
  CHECK(open.options.settings.jobs_kept == 3);
  CHECK(settings_text(open) ==
        "backfill 5 shortest first, requested times, event order batch, configuration m.toml, "
        "scheduler.fair_share=7");
  const auto chosen =
      command({"x", "--policy=sjf,lxf", "--backfill=none", "--backfill-order=queue"}, tuning);
  REQUIRE(chosen.candidates.size() == 2);
  CHECK(chosen.candidates[1].options.order == policy::Order::lxf);
  CHECK(chosen.candidates[1].options.depth == 0);
  CHECK(chosen.candidates[1].options.backfill_order == policy::BackfillOrder::queue);
  CHECK(chosen.candidates[1].options.weights.fair_share == 7);
}

TEST_CASE("how jobs save their work is said by a word or a time") {
  const auto saving = [](std::vector<std::string> words) {
    words.emplace_back("x");
    return command(words).options.saving;
  };
  CHECK(saving({}).checkpoints == replay::Checkpoints::none);
  CHECK(saving({"--checkpoint", "none"}).checkpoints == replay::Checkpoints::none);
  CHECK(saving({"--checkpoint=always"}).checkpoints == replay::Checkpoints::always);
  const auto periodic = saving({"--checkpoint=30m", "--restart-cost", "2m"});
  CHECK(periodic.checkpoints == replay::Checkpoints::periodic);
  CHECK(periodic.interval == std::chrono::minutes(30));
  CHECK(periodic.restart_cost == std::chrono::minutes(2));
  CHECK(settings_text(command({"x", "--checkpoint=30m", "--restart-cost=2m"})) ==
        "backfill easy, requested times, event order batch, checkpoint 30m, restart cost 2m");
  CHECK(command_error({"x", "--checkpoint=0s"}) ==
        "--checkpoint: expected none, always or a time from 1s to 1000d such as 30m, found '0s'");
  CHECK(command_error({"x", "--restart-cost=soon"}) ==
        "--restart-cost: expected a time from 0s to 1000d such as 2m, found 'soon'");
}

TEST_CASE("changes of the configuration are checked with the command line") {
  CHECK(command_error({"x", "--config="}) == "--config: expected the name of a file, found ''");
  CHECK(command_error({"x", "--set", "scheduler.fair_share=-1"}) ==
        "--set: 'scheduler.fair_share': expected a whole number, from 0 to 100, found \"-1\"");
  CHECK(command_error({"x", "--set", "scheduler.ordr=fcfs"}) ==
        "--set: 'scheduler.ordr': unknown key; did you mean 'scheduler.order'?");
  CHECK(command_error({"x", "--set", "log.level=info"})
            .starts_with("--set: 'log.level' changes no replay; expected one of scheduler.order,"));
}

TEST_CASE("help needs no log, and fits 80 columns") {
  CHECK(command({"--help"}).help);
  for (const auto line : base::split(replay::command_help(), '\n')) CHECK(line.size() <= 80);
  for (const auto& option : replay::command_table()) {
    CHECK(replay::command_help().find("--" + std::string(option.name)) != std::string::npos);
  }
}
