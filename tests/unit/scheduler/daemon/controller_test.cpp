#include "scheduler/daemon/controller.h"

#include <algorithm>

#include "tests/unit/scheduler/daemon/site.h"

using daemon_test::Asked;
using daemon_test::Site;
using namespace std::chrono_literals;

TEST_CASE("a job goes from submission over launch to an end that a waiting client is told") {
  Site site;
  auto& agent = site.agent();
  const auto job = site.submit();
  CHECK(job == model::JobId(1));
  site.run_until([&] { return !agent.orders.empty(); });
  const auto& order = agent.orders.front();
  CHECK(to_text(order.key) == "1.1.batch");
  CHECK(order.controller == "unix:" + site.paths.api_socket());
  CHECK(order.job->environment.at("HOME") == "/home/ann");

  auto& waiting = site.ask("GET", "/v1/jobs/1?wait=true");
  agent.say(model::ReportStarted{order.key});
  site.run_until([&] { return site.has_state(job, model::JobState::running); });
  CHECK_FALSE(waiting.is_answered());
  agent.end(order.key, 3);
  site.run_until([&] { return waiting.is_answered(); });
  const auto record = wire::job_record_from_json((*waiting.answer)->body);
  REQUIRE(record.has_value());
  CHECK(record->state == model::JobState::failed);
  CHECK(record->outcome->exit_code == 3);
  site.run_until([&] { return !agent.acknowledged.empty(); });
  CHECK(agent.acknowledged.front() == order.key);
}

TEST_CASE("what was acknowledged is there after a restart, and what ran meanwhile is reported") {
  Site site;
  model::LaunchKey key{model::JobId(1), 1, {}};
  {
    auto& agent = site.agent();
    site.submit();
    site.submit([](auto& spec) { spec.hold = true; });
    site.run_until([&] { return !agent.orders.empty(); });
    agent.say(model::ReportStarted{key});
    site.run_until([&] { return site.has_state(key.job, model::JobState::running); });
  }
  site.crash();
  site.agents.clear();
  site.start();
  CHECK(site.show(model::JobId(1)).state == model::JobState::running);
  CHECK(site.show(model::JobId(2)).state == model::JobState::waiting);

  auto& back = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "n1", 2);
  model::LaunchReport report{.key = key, .exit_code = 0, .failure = {}, .usage = {}, .ranks = {}};
  back.hello.launches.push_back({key, report});
  site.run_until([&] { return !back.acknowledged.empty(); });
  CHECK(site.show(model::JobId(1), "?wait=true").state == model::JobState::completed);
  CHECK(back.orders.empty());
}

TEST_CASE("a submission with a token that is known gives the same job, also after a restart") {
  Site site;
  site.agent();
  const auto with_token = [](auto& spec) { spec.token = "t-1"; };
  CHECK(site.submit(with_token) == model::JobId(1));
  CHECK(site.submit(with_token) == model::JobId(1));
  site.crash();
  site.agents.clear();
  site.start();
  CHECK(site.submit(with_token) == model::JobId(1));
  CHECK(site.submit() == model::JobId(2));
}

TEST_CASE("a journal that cannot be written acknowledges nothing, says why and ends the daemon") {
  Site site;
  site.agent();
  site.submit();
  site.journal->is_full = true;
  auto& refused = site.ask("POST", "/v1/jobs", Site::spec());
  site.run_until([&] { return refused.is_answered(); });
  const auto error = http::to_error(**refused.answer);
  CHECK((*refused.answer)->status == 500);
  CHECK(error.text ==
        "the journal cannot be written: no space left on device; nothing of this "
        "request was kept");
  CHECK(site.controller->exit_status() == musterd::ExitStatus::journal_failed);
  site.crash();
  site.agents.clear();
  site.start();
  CHECK(site.show(model::JobId(1)).job == model::JobId(1));
  CHECK(site.refusal("GET", "/v1/jobs/2").code == base::Code::not_found);
}

TEST_CASE("a journal with a fact that makes no sense is refused with its place") {
  Site site;
  site.agent();
  site.submit();
  site.crash();
  {
    auto journal = store::SqliteJournal::open(site.paths.journal());
    REQUIRE(journal.has_value());
    const store::Record record{.at = {}, .kind = "job_held", .version = 1, .body = "\xff\xff"};
    REQUIRE((*journal)->append(std::span(&record, 1)).has_value());
  }
  auto file = store::SqliteJournal::open(site.paths.journal());
  auto reader = store::SqliteReader::open(site.paths.journal());
  const auto opened = musterd::Controller::open(site.fixture.loop, {.config = site.config,
                                                                    .news = site.news,
                                                                    .paths = site.paths,
                                                                    .access = *site.access,
                                                                    .journal = **file,
                                                                    .reader = **reader,
                                                                    .log = *site.log,
                                                                    .agent_program = "/nonexistent",
                                                                    .owner_uid = 0,
                                                                    .snapshots = {},
                                                                    .events = {}});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == base::Code::corrupt);
  CHECK(opened.error().text.find("journal.db: record ") != std::string::npos);
}

TEST_CASE("a snapshot shortens the journal and gives the same state after a restart") {
  Site site([](Site& s) {
    s.snapshots = {.every = 2400, .keep = 10};
    s.config.limits.jobs_kept = 0;
  });
  auto& agent = site.agent();
  agent.runs_launches = true;
  const auto held = site.submit([](auto& spec) { spec.hold = true; });
  constexpr std::size_t n_jobs = 500;
  const auto& driver = site.controller->driver();
  const auto& state = driver.engine().state();
  for (std::size_t n_asked = 0; n_asked < n_jobs; n_asked += 100) {
    site.asks.clear();
    for (int i = 0; i < 100; ++i) site.ask("POST", "/v1/jobs", Site::spec());
    site.run_until([&] {
      return std::ranges::all_of(site.asks, &Asked::is_answered) && state.n_waiting == 1 &&
             state.n_active == 0;
    });
    CHECK((**site.asks.back().answer).status == 200);
  }
  site.run_until([&] { return site.reader->range()->first > 1; });
  const auto before = driver.engine().state();
  CHECK(before.jobs.size() < n_jobs);
  site.crash();
  site.agents.clear();
  site.start();
  const auto& after = site.controller->driver().engine().state();
  CHECK(after.jobs == before.jobs);
  CHECK(after.next_job == before.next_job);
  CHECK(site.show(held).state == model::JobState::waiting);
  CHECK(site.show(model::JobId(2)).state == model::JobState::completed);  // from history
  auto& resumed = site.ask("GET", "/v1/events?from=2&once=true&job=2", "", true);
  site.run_until([&] { return resumed.is_answered(); });
  CHECK(resumed.streamed.starts_with("event: gap\n"));
}

TEST_CASE("shutdown ends running jobs, keeps waiting ones, tells the agents and stops") {
  Site site([](Site& s) { s.config.scheduler.kill_grace = 1s; });
  auto& agent = site.agent("n1", 1);
  const auto running = site.submit();
  const auto waiting = site.submit();
  site.run_until([&] { return !agent.orders.empty(); });
  const auto key = agent.orders.front().key;
  agent.say(model::ReportStarted{key});
  auto& waiter = site.ask("GET", "/v1/jobs/2?wait=true");
  auto& down = site.ask("POST", "/v1/shutdown", "{}");
  site.run_until([&] { return !agent.stops.empty(); });
  CHECK(agent.stops.front() == key);
  CHECK(site.refusal("POST", "/v1/jobs", Site::spec()).code == base::Code::unavailable);
  agent.end(key, 143);
  site.run_until([&] { return down.is_answered(); });
  CHECK((*down.answer)->status == 200);
  site.run_until([&] { return waiter.is_answered(); });
  CHECK((*waiter.answer)->status == 503);
  CHECK(agent.orders.size() == 1);
  site.run_until([&] { return agent.told_to_exit; });
  site.crash();
  site.agents.clear();
  site.start();
  CHECK(site.show(running).state == model::JobState::cancelled);
  CHECK(site.show(waiting).state == model::JobState::waiting);
}
