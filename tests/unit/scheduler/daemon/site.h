#pragma once
// A controller with a real journal, real sockets and scripted agents, on the loop of a test.

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "lib/http/client.h"
#include "lib/http/status.h"
#include "lib/loop/files.h"
#include "lib/loop/log.h"
#include "lib/store/sqlite_journal.h"
#include "lib/wire/api.h"
#include "scheduler/core/record.h"
#include "scheduler/daemon/controller.h"
#include "scheduler/daemon/job_list.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"
#include "tests/unit/scheduler/daemon/fake_agent.h"

namespace daemon_test {

using namespace std::chrono_literals;

/// A journal on disk that can be made to fail as a full disk does.
class FullableJournal : public store::Journal {
 public:
  explicit FullableJournal(std::unique_ptr<store::Journal> inner) : inner_(std::move(inner)) {}

  std::atomic<bool> is_full = false;

  base::Result<model::Seq> append(std::span<const store::Record> records,
                                  std::span<const store::HistoryRow> ended) override {
    if (is_full) return base::fail(base::Code::io, "no space left on device");
    return inner_->append(records, ended);
  }
  base::Result<void> save_snapshot(const store::Snapshot& snapshot) override {
    return inner_->save_snapshot(snapshot);
  }
  base::Result<std::optional<store::Snapshot>> latest_snapshot() override {
    return inner_->latest_snapshot();
  }
  base::Result<void> compact(std::size_t keep) override { return inner_->compact(keep); }
  base::Result<store::SeqRange> range() override { return inner_->range(); }
  base::Result<std::vector<store::StoredRecord>> read_from(model::Seq first,
                                                           std::size_t limit) override {
    return inner_->read_from(first, limit);
  }
  base::Result<std::optional<store::HistoryRow>> find_job(model::JobId job) override {
    return inner_->find_job(job);
  }
  base::Result<std::vector<store::HistoryRow>> list_jobs(const store::HistoryQuery& q) override {
    return inner_->list_jobs(q);
  }

 private:
  std::unique_ptr<store::Journal> inner_;
};

/// One request on the way.
struct Asked {
  std::optional<base::Result<http::Response>> answer;
  std::string streamed;
  std::unique_ptr<http::Call> call;

  bool is_answered() const { return answer.has_value(); }
};

struct Site {
  explicit Site(std::function<void(Site&)> adjust = nullptr) {
    config.cluster.dir = fixture.path("d");
    config.scheduler.heartbeat = 20s;  // agents here say little
    config.pools.push_back({.name = "default",
                            .provider = "local",
                            .nodes = 0,
                            .cpus_per_node = 2,
                            .memory_per_node = {}});
    if (adjust) adjust(*this);
    paths.dir = config.cluster.dir;
    REQUIRE(musterd::make_folders(paths).has_value());
    auto opened_log = loop::Log::open({.path = paths.log()});
    REQUIRE(opened_log.has_value());
    log.emplace(std::move(*opened_log));
    auto opened_access = musterd::StepAccess::open(paths);
    REQUIRE(opened_access.has_value());
    access.emplace(std::move(*opened_access));
    start();
  }

  void start() {
    auto file = store::SqliteJournal::open(paths.journal());
    REQUIRE(file.has_value());
    journal = std::make_unique<FullableJournal>(std::move(*file));
    auto beside = store::SqliteReader::open(paths.journal());
    REQUIRE(beside.has_value());
    reader = std::move(*beside);
    auto opened = musterd::Controller::open(fixture.loop, {.config = config,
                                                           .news = news,
                                                           .paths = paths,
                                                           .access = *access,
                                                           .journal = *journal,
                                                           .reader = *reader,
                                                           .log = *log,
                                                           .agent_program = "/nonexistent",
                                                           .owner_uid = geteuid(),
                                                           .snapshots = snapshots,
                                                           .events = events});
    REQUIRE(opened.has_value());
    controller = std::move(*opened);
  }

  /// As kill -9 does, but for what is on its way to the disk.
  void crash() {
    controller.reset();
    reader.reset();
    journal.reset();
  }

  template <class Condition>
  void run_until(Condition is_so) {
    loop::Timer look(fixture.loop, [&] {
      if (is_so()) fixture.loop.stop();
    });
    look.start_repeating(1ms);
    fixture.run();
    INFO("the log of musterd:\n" << loop::read_file(paths.log(), 1 << 24).value_or(""));
    REQUIRE(is_so());
  }

  FakeAgent& agent(const std::string& name = "n1", int cores = 2) {
    auto& added = agents.emplace_back(fixture.loop, paths.agents_socket(), name, cores);
    run_until([&] { return added.is_admitted(); });
    return added;
  }

  Asked& ask(const std::string& method, const std::string& target, const std::string& body = "",
             bool stream = false, http::Headers headers = {}) {
    auto& asked = asks.emplace_back();
    asked.call = std::make_unique<http::Call>(
        fixture.loop, loop::UnixAddress{paths.api_socket()},
        http::Request{
            .method = method, .target = target, .headers = std::move(headers), .body = body},
        [&asked](base::Result<http::Response> response) { asked.answer = std::move(response); });
    if (stream) asked.call->on_chunk([&asked](std::string_view bytes) { asked.streamed += bytes; });
    return asked;
  }

  http::Response answer(const std::string& method, const std::string& target,
                        const std::string& body = "") {
    auto& asked = ask(method, target, body);
    run_until([&] { return asked.is_answered(); });
    REQUIRE(asked.answer->has_value());
    return **asked.answer;
  }
  base::Error refusal(const std::string& method, const std::string& target,
                      const std::string& body = "") {
    const auto response = answer(method, target, body);
    REQUIRE(response.status >= 400);
    return http::to_error(response);
  }

  static std::string spec(const std::function<void(model::JobSpec&)>& change = nullptr) {
    model::JobSpec job{.name = "test",
                       .pool = {},
                       .comment = {},
                       .token = {},
                       .shape = {},
                       .time_limit = {},
                       .script = "#!/bin/sh\ntrue\n",
                       .script_name = "test.sh",
                       .arguments = {},
                       .environment = {{"HOME", "/home/ann"}},
                       .work_dir = "/tmp",
                       .output = "/tmp/out",
                       .error = {}};
    if (change) change(job);
    const auto json = wire::to_json(job);
    REQUIRE(json.has_value());
    return *json;
  }
  model::JobId submit(const std::function<void(model::JobSpec&)>& change = nullptr) {
    const auto response = answer("POST", "/v1/jobs", spec(change));
    INFO(response.body);
    REQUIRE(response.status == 200);
    const auto submitted = wire::submit_reply_from_json(response.body);
    REQUIRE(submitted.has_value());
    return submitted->job;
  }
  model::JobRecord show(model::JobId job, const std::string& query = "") {
    const auto response = answer("GET", "/v1/jobs/" + to_text(job) + query);
    INFO(response.body);
    const auto record = wire::job_record_from_json(response.body);
    REQUIRE(record.has_value());
    return *record;
  }

  bool has_state(model::JobId job, model::JobState state) const {
    const auto& driver = controller->driver();
    return driver.durable_seq() == driver.engine().last_seq() &&
           scheduler::state_of(driver.engine().state().jobs.at(job)) == state;
  }

  conf::Config config = conf::defaults();
  wire::ConfigNews news;
  musterd::Paths paths;
  musterd::Snapshots::Options snapshots;
  musterd::Events::Options events;
  loop_test::Fixture fixture;
  std::optional<loop::Log> log;
  std::optional<musterd::StepAccess> access;
  std::unique_ptr<FullableJournal> journal;
  std::unique_ptr<store::Reader> reader;
  std::unique_ptr<musterd::Controller> controller;
  std::list<FakeAgent> agents;
  std::list<Asked> asks;
};

}  // namespace daemon_test
