#include "scheduler/daemon/api.h"

#include <fstream>
#include <set>
#include <source_location>
#include <sstream>

#include "lib/base/text.h"
#include "lib/http/sse.h"
#include "scheduler/daemon/job_list.h"
#include "scheduler/daemon/local_slices.h"
#include "scheduler/daemon/log_sources.h"
#include "scheduler/daemon/submission.h"
#include "tests/unit/scheduler/daemon/site.h"

using daemon_test::Site;
using namespace std::chrono_literals;

namespace {

std::vector<http::SseEvent> events_in(const std::string& text) {
  http::SseReader reader;
  reader.feed(text);
  std::vector<http::SseEvent> events;
  for (auto event = reader.next(); event && *event; event = reader.next()) {
    events.push_back(**event);
  }
  return events;
}

/// "GET /v1/jobs" for every operation that the description has.
std::set<std::string> described_routes() {
  std::string file = std::source_location::current().file_name();
  file = file.substr(0, file.rfind("/tests/unit/")) + "/docs/openapi.yaml";
  std::ifstream yaml(file);
  REQUIRE(yaml.good());
  std::set<std::string> routes;
  std::string path;
  for (std::string line; std::getline(yaml, line);) {
    const auto word = std::string(base::trim(line));
    if (line.starts_with("  /")) path = word.substr(0, word.size() - 1);
    if (path.empty()) continue;
    if (line == "    get:") routes.insert("GET " + path);
    if (line == "    post:") routes.insert("POST " + path);
  }
  return routes;
}

}  // namespace

TEST_CASE("the description of the API has exactly the routes that are served") {
  std::set<std::string> served;
  for (const auto& route : musterd::Api::routes()) {
    served.insert(std::string(route.method) + " " + std::string(route.path));
  }
  CHECK(served == described_routes());
}

TEST_CASE("version, status and nodes are answered at once") {
  Site site;
  site.agent();
  const auto version = wire::version_from_json(site.answer("GET", "/v1/version").body);
  REQUIRE(version.has_value());
  CHECK(version->name == "muster");
  CHECK(version->pid == static_cast<std::uint32_t>(getpid()));
  site.submit([](auto& spec) { spec.hold = true; });
  const auto status = wire::status_from_json(site.answer("GET", "/v1/status").body);
  REQUIRE(status.has_value());
  CHECK(status->writable);
  CHECK(status->jobs_waiting == 1);
  const auto nodes = wire::nodes_from_json(site.answer("GET", "/v1/nodes").body);
  REQUIRE(nodes.has_value());
  CHECK(nodes->front().info.name == "n1");
}

TEST_CASE("paths, methods and parameters that do not exist are refused by name") {
  Site site;
  CHECK(site.answer("GET", "/v1/nothing").status == 404);
  CHECK(site.answer("GET", "/v1/jobs/abc").status == 404);
  CHECK(site.answer("DELETE", "/v1/jobs/1").status == 405);
  CHECK(site.refusal("GET", "/v1/jobs/7").text == "there is no job 7");
  CHECK(site.refusal("POST", "/v1/jobs/7/cancel").text == "there is no job 7");
  CHECK(site.refusal("GET", "/v1/jobs?stat=x").text.find("'stat'") != std::string::npos);
  CHECK(site.refusal("GET", "/v1/jobs?state=lost").text.find("expected active, waiting") !=
        std::string::npos);
  CHECK(site.refusal("GET", "/v1/jobs?limit=0").code == base::Code::invalid);
  CHECK(site.refusal("GET", "/v1/events?from=x").code == base::Code::invalid);
  CHECK(site.refusal("POST", "/v1/jobs", "{\"nam\":\"x\"}").code == base::Code::invalid);
}

TEST_CASE("a submission that no node could carry out is refused before it is a job") {
  Site site([](Site& s) { s.config.limits.script = base::Bytes(1000); });
  site.agent();
  const auto refused = [&](const std::function<void(model::JobSpec&)>& change) {
    return site.refusal("POST", "/v1/jobs", Site::spec(change));
  };
  CHECK(refused([](auto& s) { s.script.assign(1001, 'x'); }).code == base::Code::exhausted);
  CHECK(refused([](auto& s) { s.work_dir = "tmp"; }).text ==
        "work_dir is 'tmp'; expected an absolute path");
  CHECK(refused([](auto& s) { s.output.clear(); }).code == base::Code::invalid);
  CHECK(refused([](auto& s) { s.error = "x"; }).code == base::Code::invalid);
  CHECK(refused([](auto& s) { s.environment["A"] = std::string(131072, 'x'); }).text.find("'A'") !=
        std::string::npos);
  CHECK(refused([](auto& s) { s.environment["A=B"] = "x"; }).code == base::Code::invalid);
  CHECK(refused([](auto& s) { s.priority = 1001; }).code == base::Code::invalid);
  CHECK(refused([](auto& s) { s.shape.nodes = 5; }).code == base::Code::invalid);
  CHECK(site.controller->driver().engine().state().jobs.empty());
}

TEST_CASE("the script of a job can be read back") {
  Site site;
  site.agent();
  site.submit();
  const auto response = site.answer("GET", "/v1/jobs/1/script");
  CHECK(response.body == "#!/bin/sh\ntrue\n");
  CHECK(response.content_type.starts_with("text/plain"));
}

TEST_CASE("a listing comes in pages, by state, from the state and from history") {
  Site site;
  auto& agent = site.agent();
  agent.runs_launches = true;
  for (int i = 0; i < 3; ++i) site.show(site.submit(), "?wait=true");
  site.submit([](auto& spec) { spec.hold = true; });
  const auto page = [&](const std::string& query) {
    auto read = wire::job_page_from_json(site.answer("GET", "/v1/jobs" + query).body);
    REQUIRE(read.has_value());
    return *read;
  };
  CHECK(page("").jobs.size() == 4);
  CHECK_FALSE(page("").next.has_value());
  const auto first = page("?limit=3");
  CHECK(first.jobs.size() == 3);
  CHECK(first.next == model::JobId(3));
  CHECK(page("?limit=3&after=3").jobs.front().job == model::JobId(4));
  CHECK(page("?state=active").jobs.size() == 1);
  CHECK(page("?state=completed,waiting").jobs.size() == 4);
  CHECK(page("?state=failed").jobs.empty());
  CHECK(page("?user=nobody-of-that-name").jobs.empty());
  CHECK(page("?name=" + page("?limit=1").jobs.front().name).jobs.size() == 4);
  CHECK(page("?name=nothing-has-this").jobs.empty());
  CHECK(page("?since=0").jobs.size() == 4);
  CHECK(page("?since=253402300799").jobs.size() == 1);  // what has not ended
  CHECK(page("?until=0").jobs.empty());
  CHECK(site.refusal("GET", "/v1/jobs?since=today").code == base::Code::invalid);

  // A page that may not look at everything says where to go on.
  musterd::JobQuery query;
  const auto live = musterd::live_jobs(site.controller->driver().engine(), query, 2);
  CHECK(live.jobs.size() == 2);
  CHECK(live.horizon == model::JobId(2));
  const auto text = musterd::job_page(*site.reader, query, live);
  REQUIRE(text.has_value());
  CHECK(wire::job_page_from_json(*text)->next == model::JobId(2));
  CHECK(wire::job_page_from_json(*text)->jobs.size() == 2);
}

TEST_CASE("requeue and signal are refused for what does not run, and for words they do not know") {
  Site site;
  site.agent();
  site.submit([](auto& spec) { spec.hold = true; });
  CHECK(site.refusal("POST", "/v1/jobs/1/requeue").code == base::Code::conflict);
  CHECK(site.refusal("POST", "/v1/jobs/1/requeue?hold=maybe").code == base::Code::invalid);
  CHECK(site.refusal("POST", "/v1/jobs/1/signal?signal=USR1").code == base::Code::conflict);
  CHECK(site.refusal("POST", "/v1/jobs/1/signal?signal=LOUD").code == base::Code::invalid);
  CHECK(site.refusal("POST", "/v1/jobs/1/signal").code == base::Code::invalid);
}

TEST_CASE("hold, release and cancel change a waiting job") {
  Site site;
  site.agent();
  const auto job = site.submit([](auto& spec) { spec.hold = true; });
  CHECK(site.answer("POST", "/v1/jobs/1/hold", "{}").status == 200);
  CHECK(site.answer("POST", "/v1/jobs/1/cancel", "{}").status == 200);
  CHECK(site.show(job).state == model::JobState::cancelled);
  CHECK(site.refusal("POST", "/v1/jobs/1/cancel").code == base::Code::conflict);
  CHECK(site.refusal("POST", "/v1/jobs/1/release").code == base::Code::conflict);
}

TEST_CASE(
    "the request of a waiting job can be changed, and that is seen in its record and events") {
  Site site;
  site.agent();
  const auto job = site.submit([](auto& spec) { spec.hold = true; });
  const std::string target = "/v1/jobs/" + to_text(job) + "/update";
  const auto body =
      R"({"fields":["time_limit","comment"],"spec":{"time_limit":"60s","comment":"x"}})";
  CHECK(site.answer("POST", target, body).body == "{}");
  const auto record = site.show(job);
  CHECK(record.time_limit == base::Duration(60s));
  CHECK(record.comment == "x");
  REQUIRE(record.changed.has_value());
  CHECK(record.changed->by == record.user.name);
  auto& events = site.ask("GET", "/v1/events?from=1&once=true", "", true);
  site.run_until([&] { return events.is_answered(); });
  const auto seen = events_in(events.streamed);
  const auto updated = std::ranges::find(seen, "job_updated", &http::SseEvent::event);
  REQUIRE(updated != seen.end());
  CHECK(updated->data.find(R"("fields":["time_limit","comment"])") != std::string::npos);
  CHECK(site.refusal("POST", target, R"({"fields":["output"],"spec":{"output":"x"}})").text ==
        "output is 'x'; expected an absolute path");
  CHECK(site.refusal("POST", target, R"({"fields":["error"],"spec":{"error":"x"}})").code ==
        base::Code::invalid);
  CHECK(site.refusal("POST", target, "{}").code == base::Code::invalid);
  CHECK(site.refusal("POST", "/v1/jobs/9/update", body).code == base::Code::not_found);
}

TEST_CASE("a changed dependency is looked up in history, and a change outlives a crash") {
  Site site([](Site& s) { s.config.limits.jobs_kept = 1; });
  auto& agent = site.agent();
  agent.runs_launches = true;
  for (int i = 0; i < 3; ++i) site.show(site.submit(), "?wait=true");
  const auto job = site.submit([](auto& spec) { spec.hold = true; });
  const std::string target = "/v1/jobs/" + to_text(job) + "/update";
  const auto depend = [](std::string_view text) {
    return R"({"fields":["dependency"],"spec":{"dependency":")" + std::string(text) + R"("}})";
  };
  REQUIRE_FALSE(site.controller->driver().engine().state().jobs.contains(model::JobId(1)));
  CHECK(site.answer("POST", target, depend("afterok:1")).status == 200);
  CHECK(site.refusal("POST", target, depend("afternotok:1")).text.find("can never be met") !=
        std::string::npos);
  CHECK(site.refusal("POST", target, depend("afterok:77")).code == base::Code::not_found);
  site.crash();
  site.start();
  CHECK(to_text(site.show(job).dependency) == "afterok:1");
  CHECK(site.show(job).changed.has_value());
}

TEST_CASE("events are streamed and resumed without a gap, from memory and from the journal") {
  Site site([](Site& s) { s.events.recent = 4; });
  auto& agent = site.agent();
  agent.runs_launches = true;
  auto& live = site.ask("GET", "/v1/events", "", true);
  site.answer("GET", "/v1/version");
  for (int i = 0; i < 5; ++i) site.show(site.submit(), "?wait=true");
  const auto last = site.controller->driver().durable_seq();
  site.run_until([&] {
    const auto seen = events_in(live.streamed);
    return !seen.empty() && seen.back().id == std::to_string(last);
  });
  const auto seen = events_in(live.streamed);
  for (std::size_t i = 1; i < seen.size(); ++i) {
    CHECK(std::stoull(seen[i].id) == std::stoull(seen[i - 1].id) + 1);
  }
  CHECK(live.streamed.find("/home/ann") == std::string::npos);

  auto& resumed =
      site.ask("GET", "/v1/events?once=true", "", true, {{"Last-Event-ID", seen[1].id}});
  site.run_until([&] { return resumed.is_answered(); });
  const auto rest = events_in(resumed.streamed);
  REQUIRE(rest.size() == seen.size() - 2);
  CHECK(rest.front() == seen[2]);
  CHECK(rest.back() == seen.back());

  auto& of_job = site.ask("GET", "/v1/events?from=0&once=true&job=2", "", true);
  site.run_until([&] { return of_job.is_answered(); });
  const auto about = events_in(of_job.streamed);
  REQUIRE_FALSE(about.empty());
  CHECK(about.front().event == "job_submitted");
  CHECK(about.back().event == "job_ended");
}

TEST_CASE("slices of the machine do not overlap while it has enough cores") {
  const conf::Pool pool{.name = "a",
                        .provider = "local",
                        .nodes = 2,
                        .cpus_per_node = 2,
                        .gpus_per_node = 1,
                        .memory_per_node = {}};
  const musterd::Machine machine{.cores = 4, .memory = base::Bytes(4096)};
  const auto slices = musterd::cut({pool}, machine);
  REQUIRE(slices.size() == 2);
  CHECK(slices[1].name == "n2");
  CHECK(slices[1].first_core == 2);
  CHECK(slices[1].gpus == std::vector<int>{1});
  CHECK(slices[1].memory == base::Bytes(2048));
  CHECK_FALSE(slices[1].shared);
  auto other = pool;
  other.name = "b";
  const auto more = musterd::cut({pool, other}, machine);
  CHECK(more[2].name == "b-n1");
  CHECK(more[2].first_core == 4);
  CHECK(more[0].shared);
}

TEST_CASE("the log of a rank is on the node that runs it, of the last step that has it") {
  model::JobRecord job{.job = model::JobId(7),
                       .user = {},
                       .name = {},
                       .pool = {},
                       .comment = {},
                       .layout = {},
                       .time_limit = {},
                       .attempt = 1,
                       .reason = {},
                       .outcome = {},
                       .usage = {}};
  for (const auto id : {1U, 2U}) {
    job.allocation.nodes.push_back({.node = model::NodeId(id),
                                    .name = "n" + std::to_string(id),
                                    .tasks = 2,
                                    .cores = {},
                                    .gpus = {},
                                    .memory = {}});
  }
  job.steps.push_back({.step = model::StepId(0), .command = {}, .tasks = {2, 2}, .failure = {}});
  job.steps.push_back({.step = model::StepId(1), .command = {}, .tasks = {1, 0}, .failure = {}});
  scheduler::State state;
  const auto names = [&](const musterd::LogQuery& query) {
    const auto sources = musterd::log_sources(job, query, state);
    if (!sources) return std::string(to_text(sources.error().code));
    std::string text;
    for (const auto& source : *sources) text += source.node_name + ":" + to_text(source.key) + " ";
    return text;
  };
  CHECK(names({}) == "n1:7.1.batch ");
  CHECK(names({.rank = 0}) == "n1:7.1.1 ");
  CHECK(names({.rank = 3}) == "n2:7.1.0 ");
  CHECK(names({.step = model::StepId(0)}) == "n1:7.1.0 n2:7.1.0 ");
  CHECK(names({.step = model::StepId(0), .rank = 1}) == "n1:7.1.0 ");
  CHECK(names({.rank = 4}) == "not_found");
  CHECK(names({.attempt = 2}) == "not_found");
  CHECK(names({.step = model::StepId(0), .offset = 9}) == "invalid");
  CHECK(names({.stacks = true}) == "n1:7.1.1 ");
  CHECK(names({.usage = true}) == "n1:7.1.batch n1:7.1.0 n2:7.1.0 n1:7.1.1 ");
  job.steps[0].ended_at = base::Time();
  CHECK(names({.usage = true}) == "n1:7.1.batch n1:7.1.1 ");
  job.state = model::JobState::completed;
  CHECK(names({.usage = true}).empty());
  job.attempt = 2;
  job.earlier.push_back({.attempt = 1, .nodes = "n[1-3]"});
  CHECK(names({.attempt = 1, .step = model::StepId(0)}) == "not_found");
  CHECK(names({.attempt = 1, .stacks = true}) == "invalid");
  CHECK(names({.attempt = 1, .step = model::StepId(0), .stacks = true}) == "not_found");
  state.node_by_name.emplace("n1", model::NodeId(1));
  state.node_by_name.emplace("n3", model::NodeId(3));  // the second is gone
  CHECK(names({.attempt = 1, .step = model::StepId(0), .stacks = true}) == "n1:7.1.0 n3:7.1.0 ");
  job.attempt = 0;
  CHECK(names({}) == "conflict");
}
