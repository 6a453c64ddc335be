#include "scheduler/daemon/agents.h"

#include "tests/unit/scheduler/daemon/site.h"

using daemon_test::FakeAgent;
using daemon_test::Site;
using namespace std::chrono_literals;

namespace {

scheduler::NodePhase phase(const Site& site, const std::string& name) {
  const auto& state = site.controller->driver().engine().state();
  return state.nodes.at(state.node_by_name.at(name)).phase;
}

}  // namespace

TEST_CASE("an agent of another protocol version or pool is refused with the reason") {
  Site site;
  auto& old = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "n1", 2);
  old.hello.version = 99;
  auto& lost = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "n2", 2);
  lost.hello.info.pool = "gold";
  site.run_until([&] { return old.refused && lost.refused; });
  CHECK(old.refused->why.find("version 99") != std::string::npos);
  CHECK(lost.refused->why.find("no pool 'gold'") != std::string::npos);
}

TEST_CASE("a newer session of the same name replaces the older, and the node stays") {
  Site site;
  auto& first = site.agent();
  auto& second = site.agent();
  site.run_until([&] { return first.is_closed; });
  CHECK(first.welcome->node == second.welcome->node);
  CHECK(phase(site, "n1") == scheduler::NodePhase::ready);
  site.submit();
  site.run_until([&] { return second.orders.size() == 1; });
  CHECK(first.orders.empty());
}

TEST_CASE("a session that ends or falls silent takes its node away") {
  Site site([](Site& s) { s.config.scheduler.heartbeat = 100ms; });
  site.agent("n1");
  site.agents.clear();  // hangs up
  site.run_until([&] { return phase(site, "n1") == scheduler::NodePhase::away; });
  auto& silent = site.agent("n2");
  site.run_until([&] { return phase(site, "n2") == scheduler::NodePhase::away; });
  site.run_until([&] { return silent.is_closed; });
}

TEST_CASE("a heartbeat keeps a session") {
  Site site([](Site& s) { s.config.scheduler.heartbeat = 300ms; });
  auto& agent = site.agent();
  loop::Timer beat(site.fixture.loop, [&] { agent.say(model::Heartbeat{}); });
  beat.start_repeating(50ms);
  const loop::Elapsed elapsed;
  site.run_until([&] { return elapsed.so_far() > 1s; });
  CHECK_FALSE(agent.is_closed);
  CHECK(phase(site, "n1") == scheduler::NodePhase::ready);
}

TEST_CASE("bytes that are no message, or a message before the hello, end the session") {
  Site site;
  auto& noise = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "n1", 2);
  noise.says_hello = false;
  auto& rude = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "n2", 2);
  rude.says_hello = false;
  site.run_until([&] { return noise.is_connected() && rude.is_connected(); });
  noise.send("\xff\xff\xff");
  rude.say(model::ReportStarted{{model::JobId(1), 1, {}}});
  site.run_until([&] { return noise.is_closed && rude.is_closed; });
}

TEST_CASE("more sessions than there can be nodes are turned away") {
  Site site;
  for (int i = 0; i < 16; ++i) {
    auto& added = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "x", 2);
    added.says_hello = false;
    site.run_until([&] { return added.is_connected(); });
  }
  auto& last = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "n1", 2);
  last.says_hello = false;
  site.run_until([&] { return last.is_closed; });
}

TEST_CASE("a step's order and its client get the same head and secret") {
  Site site;
  auto& agent = site.agent();
  const auto job = site.submit();
  site.run_until([&] { return !agent.orders.empty(); });
  agent.say(model::ReportStarted{agent.orders.front().key});
  const auto body = wire::to_json(
      wire::StepRequest{.attempt = 1, .spec = {.arguments = {"/bin/true"}, .work_dir = "/tmp"}});
  const auto response = site.answer("POST", "/v1/jobs/" + to_text(job) + "/steps", *body);
  INFO(response.body);
  const auto reply = wire::step_reply_from_json(response.body);
  REQUIRE(reply.has_value());
  site.run_until([&] { return agent.orders.size() == 2; });
  CHECK(agent.orders.back().key.step == reply->step);
  CHECK(agent.orders.back().secret == reply->secret);
  CHECK(agent.orders.back().head_address == reply->head_address);
  CHECK(reply->head_address == "unix:" + site.paths.run_dir() + "/1.1.0.sock");
  CHECK(reply->secret.size() == 64);
}

TEST_CASE("the way back is told to a step with a terminal, while it runs") {
  Site site;
  auto& agent = site.agent();
  const auto job = site.submit();
  const std::string of_job = "/v1/jobs/" + to_text(job);
  CHECK(site.answer("GET", "/v1/jobs/99/attach").status == 404);
  site.run_until([&] { return !agent.orders.empty(); });
  agent.say(model::ReportStarted{agent.orders.front().key});
  const auto start = [&](const model::StepSpec& spec) {
    return site.answer("POST", of_job + "/steps",
                       *wire::to_json(wire::StepRequest{.attempt = 1, .spec = spec}));
  };
  model::StepSpec spec{.tasks = 1, .arguments = {"/bin/true"}, .work_dir = "/tmp"};
  CHECK(start(spec).status == 200);
  CHECK(site.answer("GET", of_job + "/attach").status == 404);
  spec.terminal = model::WindowSize{24, 80};
  const auto started = start(spec);
  CHECK(started.status == 200);
  CHECK(site.answer("GET", of_job + "/attach").body == started.body);
  CHECK(site.answer("GET", of_job + "/attach?step=1").body == started.body);
  CHECK(site.answer("GET", of_job + "/attach?step=0").status == 404);
  CHECK(site.answer("GET", of_job + "/attach?steps=1").status == 400);
  spec.output = "/tmp/x";
  CHECK(start(spec).status == 400);
  spec.output.clear();
  spec.tasks = 2;
  CHECK(start(spec).status == 400);
}

TEST_CASE("a log is passed on as it grows, and a client that goes away ends the reading") {
  Site site;
  auto& agent = site.agent();
  site.submit();
  site.run_until([&] { return !agent.orders.empty(); });
  auto& log = site.ask("GET", "/v1/jobs/1/logs?follow=true", "", true);
  site.run_until([&] { return !agent.reads.empty(); });
  const auto& read = agent.reads.front();
  CHECK(read.follow);
  CHECK(to_text(read.key) == "1.1.batch");
  agent.say(
      model::LogChunk{.request = read.request, .bytes = "one\n", .next_offset = 24, .error = {}});
  site.run_until([&] { return log.streamed == "one\n"; });
  agent.say(model::LogChunk{
      .request = read.request, .bytes = "two\n", .next_offset = 48, .end = true, .error = {}});
  site.run_until([&] { return log.is_answered(); });
  CHECK(log.streamed == "one\ntwo\n");

  auto& left = site.ask("GET", "/v1/jobs/1/logs?follow=true", "", true);
  site.run_until([&] { return agent.reads.size() == 2; });
  left.call.reset();
  site.run_until([&] { return !agent.cancelled_reads.empty(); });
  CHECK(agent.cancelled_reads.front() == agent.reads.back().request);
}

TEST_CASE("a followed log goes on where it was when the agent is back") {
  Site site;
  auto& agent = site.agent();
  site.submit();
  site.run_until([&] { return !agent.orders.empty(); });
  auto& log = site.ask("GET", "/v1/jobs/1/logs?follow=true", "", true);
  site.run_until([&] { return !agent.reads.empty(); });
  agent.say(model::LogChunk{
      .request = agent.reads.front().request, .bytes = "one\n", .next_offset = 24, .error = {}});
  site.run_until([&] { return log.streamed == "one\n"; });
  site.agents.clear();
  auto& back = site.agents.emplace_back(site.fixture.loop, site.paths.agents_socket(), "n1", 2);
  back.hello.launches.push_back({{model::JobId(1), 1, {}}, {}});
  site.run_until([&] { return !back.reads.empty(); });
  CHECK(back.reads.front().offset == 24);
  back.say(model::LogChunk{.request = back.reads.front().request,
                           .bytes = "two\n",
                           .next_offset = 48,
                           .end = true,
                           .error = {}});
  site.run_until([&] { return log.is_answered(); });
  CHECK(log.streamed == "one\ntwo\n");
}

TEST_CASE("a log that the node does not have is an error before the first byte") {
  Site site;
  auto& agent = site.agent();
  site.submit();
  site.run_until([&] { return !agent.orders.empty(); });
  auto& log = site.ask("GET", "/v1/jobs/1/logs");
  site.run_until([&] { return !agent.reads.empty(); });
  agent.say(model::LogChunk{.request = agent.reads.front().request,
                            .bytes = {},
                            .end = true,
                            .error = "there is no log"});
  site.run_until([&] { return log.is_answered(); });
  CHECK(http::to_error(**log.answer).text == "n1: there is no log");
}
