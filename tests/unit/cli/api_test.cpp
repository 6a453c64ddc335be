// What commands make of a controller's answers, of its restarts, and of its absence.

#include "cli/api.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "lib/http/server.h"
#include "lib/http/status.h"
#include "lib/loop/loop.h"
#include "lib/loop/timer.h"
#include "lib/wire/api.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace std::chrono_literals;

namespace {

cli::Cluster cluster_in(const support::TempFolder& folder) {
  cli::ClusterPaths paths{folder.path()};
  loop::UnixAddress address{paths.api_socket()};
  return {paths, address};
}

/// A controller of the test: answers on a thread of its own until it goes.
class Controller {
 public:
  using Answer = std::function<http::Response(const http::Request&)>;

  /// The first `n_lost` requests are cut off without an answer.
  Controller(const cli::Cluster& cluster, Answer answer, int n_lost = 0)
      : answer_(std::move(answer)), n_lost_(n_lost) {
    server_ = std::make_unique<std::optional<http::Server>>();
    open(cluster.address);
    loop_.hold();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Controller() {
    loop_.post([this] {
      server_->reset();
      loop_.release();
      loop_.stop();
    });
    thread_.join();
  }

  int n_requests() const { return n_requests_; }

 private:
  void open(const loop::Address& address) {
    auto opened = http::Server::open(
        loop_, address, {}, {}, [this, address](const http::Request& request, http::Responder to) {
          ++n_requests_;
          if (n_requests_ <= n_lost_) {
            loop_.defer([this, address] {
              server_->reset();
              open(address);
            });
            loop_.defer([to] {});
            return;
          }
          to.send(answer_(request));
        });
    REQUIRE(opened.has_value());
    server_->emplace(std::move(*opened));
  }

  loop::Loop loop_;
  std::unique_ptr<std::optional<http::Server>> server_;
  Answer answer_;
  int n_lost_;
  std::atomic<int> n_requests_ = 0;
  std::thread thread_;
};

http::Response json(std::string body) {
  return {.body = std::move(body), .headers = {}};
}

/// Answers listings of a cluster that gave the numbers 1 to `last`, `gaps` left out.
http::Response listing(const http::Request& request, std::uint32_t last) {
  const auto after = std::stoul(std::string(request.parameter("after").value_or("0")));
  if (after >= last) return json(R"({"jobs":[]})");
  model::JobRecord job{.job = model::JobId(static_cast<std::uint32_t>(after) + 1)};
  const std::vector<std::string> records{wire::to_json(job)};
  return json(wire::job_page_json(records, std::nullopt));
}

}  // namespace

TEST_CASE("without a controller there is no cluster, and the message says how to get one") {
  const support::TempFolder folder;
  const auto answer = cli::Api(cluster_in(folder)).get("/v1/nodes");
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().exit_code == cli::exit_no_cluster);
  CHECK(answer.error().text.find("muster up") != std::string::npos);
}

TEST_CASE("an answer is the body, a refusal its sentence") {
  const support::TempFolder folder;
  const auto cluster = cluster_in(folder);
  const Controller controller(cluster, [](const http::Request& request) {
    if (request.path == "/v1/jobs/1") return json("fine");
    return http::error_response({base::Code::not_found, "there is no job 2"});
  });
  const cli::Api api(cluster);
  CHECK(*api.get("/v1/jobs/1") == "fine");
  const auto refused = api.get("/v1/jobs/2");
  CHECK(refused.error().exit_code == cli::exit_refused);
  CHECK(refused.error().text == "there is no job 2");
}

TEST_CASE("a request that was cut off is sent again, with the same body") {
  const support::TempFolder folder;
  const auto cluster = cluster_in(folder);
  const Controller controller(
      cluster, [](const http::Request& request) { return json(request.body); }, 2);
  CHECK(*cli::Api(cluster).post("/v1/jobs", "the token") == "the token");
  CHECK(controller.n_requests() == 3);
}

TEST_CASE("what must not be done twice is not sent again") {
  const support::TempFolder folder;
  const auto cluster = cluster_in(folder);
  const Controller controller(
      cluster, [](const http::Request& request) { return json(request.body); }, 1);
  const auto answer = cli::Api(cluster).post_once("/v1/jobs/1/steps", "x");
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().text.starts_with("the controller's answer got lost"));
  CHECK(controller.n_requests() == 1);
}

TEST_CASE("a stream is passed on as far as it is wanted") {
  const support::TempFolder folder;
  const auto cluster = cluster_in(folder);
  const Controller controller(cluster, [](const http::Request& request) {
    if (request.path == "/none") return http::error_response({base::Code::denied, "not yours"});
    return json("some text");
  });
  const cli::Api api(cluster);
  std::string got;
  CHECK(api.stream("/logs", {},
                   [&](std::string_view bytes) {
                     got += bytes;
                     return true;
                   })
            .has_value());
  CHECK(got == "some text");
  CHECK(api.stream("/none", {}, [](std::string_view) { return true; }).error().text == "not yours");
}

TEST_CASE("the newest job is found by halving") {
  for (const std::uint32_t last : {0U, 1U, 2U, 7U, 1000U, 4'000'000'000U}) {
    CAPTURE(last);
    const support::TempFolder folder;
    const auto cluster = cluster_in(folder);
    const Controller controller(
        cluster, [last](const http::Request& request) { return listing(request, last); });
    const cli::Api api(cluster);
    const auto newest = cli::newest_job(api);
    REQUIRE(newest.has_value());
    CHECK((*newest ? (*newest)->number() : 0) == last);
    CHECK(controller.n_requests() < 100);
  }
}

TEST_CASE("ids of jobs are numbers, or last") {
  const support::TempFolder folder;
  const auto cluster = cluster_in(folder);
  const Controller controller(cluster,
                              [](const http::Request& request) { return listing(request, 5); });
  const cli::Api api(cluster);
  CHECK(*cli::job_name(api, "17") == cli::JobName{model::JobId(17)});
  CHECK(*cli::job_name(api, "last") == cli::JobName{model::JobId(5)});
  for (const auto* text : {"0", "-1", "x", "", "17x", "99999999999"}) {
    CHECK(cli::job_name(api, text).error().exit_code == cli::exit_usage);
  }
  CHECK(cli::only_job(api, {}).error().exit_code == cli::exit_usage);
  options::Parsed two;
  two.rest = {"1", "2"};
  CHECK(cli::only_job(api, two).error().exit_code == cli::exit_usage);
  CHECK(cli::some_jobs(api, two)->size() == 2);
}

TEST_CASE("a job's end becomes an exit code") {
  model::JobRecord job{.job = model::JobId(1)};
  job.state = model::JobState::completed;
  job.outcome = model::Outcome{};
  CHECK(cli::exit_code_of(job) == 0);
  job.state = model::JobState::failed;
  job.outcome->exit_code = 7;
  CHECK(cli::exit_code_of(job) == 7);
  job.state = model::JobState::cancelled;
  job.outcome->exit_code = 0;
  CHECK(cli::exit_code_of(job) == 1);
}

TEST_CASE("the cluster is found by option, by variable, by default") {
  const auto dir_of = [](const std::vector<options::Given>& given) {
    options::Parsed line;
    line.given = given;
    const auto cluster = cli::find_cluster(line);
    return cluster ? cluster->paths.dir : cluster.error().text;
  };
  ::setenv("XDG_STATE_HOME", "/nonexistent/state", 1);
  ::unsetenv("MUSTER_DIR");
  ::unsetenv("MUSTER_CONTROLLER");
  CHECK(dir_of({}) == "/nonexistent/state/muster");
  ::setenv("MUSTER_DIR", "/nonexistent/m", 1);
  CHECK(dir_of({}) == "/nonexistent/m");
  ::setenv("MUSTER_CONTROLLER", "unix:/nonexistent/c/api.sock", 1);
  CHECK(dir_of({}) == "/nonexistent/c");
  CHECK(dir_of({{100, "/nonexistent/d", "--dir"}}) == "/nonexistent/d");
  ::setenv("MUSTER_CONTROLLER", "nonsense", 1);
  CHECK(dir_of({}).starts_with("MUSTER_CONTROLLER: "));
  ::unsetenv("MUSTER_CONTROLLER");
  ::unsetenv("MUSTER_DIR");
}
