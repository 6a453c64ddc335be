#include "cli/render/usage.h"

#include <chrono>

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr base::Time start = base::time_from_us(1'000'000'000);

model::JobRecord ended_job() {
  model::JobRecord job{.job = model::JobId(17), .user = {}};
  job.allocation.nodes.push_back({.node = model::NodeId(1),
                                  .name = "n1",
                                  .tasks = 8,
                                  .cores = model::CoreSet::range(0, 8),
                                  .gpus = {},
                                  .memory = base::Bytes(16ULL << 30)});
  job.started_at = start;
  job.ended_at = start + 100s;
  job.outcome = model::Outcome{};
  job.usage.cpu = 310s;
  job.usage.total_peak = base::Bytes(2ULL << 30);
  return job;
}

render::View usage_view() {
  return {.now = start, .width = 200, .time = [](base::Time time) { return to_text(time); }};
}

}  // namespace

TEST_CASE("a job's use is said as a part of what it had, with what would have done") {
  auto job = ended_job();
  CHECK(render::efficiency_text(job) == "3.1 of 8 cores (39%), 2G of 16G (13%)");
  CHECK(render::request_hint(job) == "would have done with 4 cores and 2.5G of memory a node");
  job.usage.gpu = model::GpuUse{.watched = 100s, .busy = 41s};
  CHECK(render::efficiency_text(job) == "3.1 of 8 cores (39%), 2G of 16G (13%), GPUs 41%");
}

TEST_CASE("a job that used what it had, or was short, is told nothing") {
  auto job = ended_job();
  job.usage.cpu = 700s;
  job.usage.total_peak = base::Bytes(12ULL << 30);
  CHECK(render::request_hint(job).empty());
  job.usage.cpu = 1s;
  job.ended_at = start + 2s;
  CHECK(render::request_hint(job).empty());
  job.outcome.reset();
  CHECK(render::efficiency_text(job).empty());
}

TEST_CASE("use over time is drawn with a bar for each interval") {
  auto job = ended_job();
  job.over_time.push_back({.launch = {.job = model::JobId(17)},
                           .node = "n1",
                           .cores = 2,
                           .gpus = 1,
                           .memory = base::Bytes(1ULL << 30),
                           .series = {.since = start,
                                      .interval = 2s,
                                      .points = {{.cpu = 4s, .memory = base::Bytes(1ULL << 29)},
                                                 {.cpu = 0s, .gpu_busy = 2s}}}});
  const auto text = render::usage_over_time(job, usage_view());
  CHECK_THAT(text, Contains("script on n1 since "));
  CHECK_THAT(text, Contains("each bar 2s"));
  CHECK_THAT(text, Contains("cores    █▁  1.0 of 2 on average, at most 2.0"));
  CHECK_THAT(text, Contains("memory   █▁  at most 512M of 1G"));
  CHECK_THAT(text, Contains("GPUs     ▁█  busy 50% on average"));
  CHECK_THAT(text, !Contains("read"));
}

TEST_CASE("a last interval that was not over counts for as long as it was") {
  auto job = ended_job();
  job.over_time.push_back(
      {.launch = {.job = model::JobId(17)},
       .node = "n1",
       .cores = 2,
       .series = {
           .since = start, .interval = 2s, .points = {{.cpu = 2s}, {.cpu = 1s}}, .last = 500ms}});
  const auto text = render::usage_over_time(job, usage_view());
  CHECK_THAT(text, Contains("each bar 2s, the last 500ms"));
  CHECK_THAT(text, Contains("cores    ▅█  1.2 of 2 on average, at most 2.0"));
}

TEST_CASE("who has waited for a job is told in one line what it used") {
  CHECK_THAT(render::efficiency_line(ended_job()), Contains("job 17 used "));
  auto runs = ended_job();
  runs.outcome.reset();
  CHECK(render::efficiency_line(runs).empty());
}
