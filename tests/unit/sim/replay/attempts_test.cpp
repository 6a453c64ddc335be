// Replays in which jobs make room for others: timelines by hand, and what holds for every one.

#include "sim/replay/attempts.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/random.h"
#include "scheduler/policy/policy.h"
#include "sim/replay/run.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using replay::Checkpoints;
using replay::Span;

namespace {

replay::Job job_of(base::Duration submit, base::Duration run, int cores,
                   std::string class_name = "") {
  return {.submit = submit,
          .run = run,
          .requested = run,
          .cores = cores,
          .class_name = std::move(class_name)};
}

replay::Result replayed(const replay::Workload& workload, const replay::Options& options,
                        const policy::Options& policy = {}) {
  return replay::run(
      workload, policy::make(policy), options, [] { return base::Duration(); }, [](std::size_t) {});
}

replay::Workload one_preempted() {
  return {{.nodes = 1, .cores_per_node = 4},
          {job_of(0s, 100s, 4, "low"), job_of(30s, 20s, 4, "urgent")}};
}

replay::Workload random_workload(base::Random& random) {
  static const std::array<std::string, 4> classes{"", "low", "low", "urgent"};
  replay::Workload workload{.machine = {.nodes = 2, .cores_per_node = 4}, .jobs = {}};
  base::Duration at{};
  for (std::int64_t id = 1; id <= 120; ++id) {
    at += 1s * static_cast<std::int64_t>(random.below(40));
    const auto run = 1s * static_cast<std::int64_t>(1 + random.below(random.chance(20) ? 900 : 90));
    const auto cores = 1 + static_cast<int>(random.below(8));
    const auto which = random.below(classes.size());
    auto job = job_of(at, run, cores, classes[which]);
    job.id = id;
    job.requested = run * static_cast<std::int64_t>(1 + random.below(3));
    job.user = static_cast<std::uint32_t>(random.below(3));
    workload.jobs.push_back(job);
  }
  return workload;
}

replay::Saving random_saving(base::Random& random) {
  const auto which = random.below(3);
  const auto interval = 1s * static_cast<std::int64_t>(1 + random.below(60));
  const auto cost = 1s * static_cast<std::int64_t>(random.below(2) * random.below(20));
  return {
      .checkpoints = static_cast<Checkpoints>(which), .interval = interval, .restart_cost = cost};
}

int most_in_use(const replay::Workload& workload, const std::vector<Span>& attempts) {
  std::map<base::Duration, int> changes;
  for (const auto& [job, start, end] : attempts) {
    changes[start] += workload.jobs[job].cores;
    changes[end] -= workload.jobs[job].cores;
  }
  int in_use = 0;
  int most = 0;
  for (const auto& [at, by] : changes) most = std::max(most, in_use += by);
  return most;
}

/// Core time of all attempts.
base::Duration served(const replay::Workload& workload, const std::vector<Span>& attempts) {
  base::Duration sum{};
  for (const auto& [job, start, end] : attempts) sum += (end - start) * workload.jobs[job].cores;
  return sum;
}

/// Of attempts that were preempted, those at whose end no other job started, nor in the time that
/// the plan gives victims: who makes room may be joined by one that ends in that time anyway.
std::size_t n_in_vain(const replay::Result& result) {
  return static_cast<std::size_t>(std::ranges::count_if(result.attempts, [&](const Span& span) {
    if (span.end == result.ends[span.job]) return false;
    return std::ranges::none_of(result.attempts, [&span](const Span& other) {
      return other.job != span.job && other.start >= span.end && other.start <= span.end + 1min;
    });
  }));
}

}  // namespace

TEST_CASE("a job that saves nothing begins anew when it was preempted") {
  const auto result = replayed(one_preempted(), {});
  CHECK(result.attempts == std::vector<Span>{{0, 0s, 30s}, {1, 30s, 50s}, {0, 50s, 150s}});
  CHECK(result.starts == std::vector<base::Duration>{0s, 30s});
  CHECK(result.ends == std::vector<base::Duration>{150s, 50s});
  CHECK(result.preemptions == 1);
  CHECK(result.lost_work == 4 * 30s);
}

TEST_CASE("a job that saves when it is preempted runs on from there") {
  const auto result = replayed(one_preempted(), {.saving = {.checkpoints = Checkpoints::always}});
  CHECK(result.attempts == std::vector<Span>{{0, 0s, 30s}, {1, 30s, 50s}, {0, 50s, 120s}});
  CHECK(result.preemptions == 1);
  CHECK(result.lost_work == 0s);
}

TEST_CASE("a job that saves now and then runs on from its last checkpoint") {
  const auto result = replayed(one_preempted(),
                               {.saving = {.checkpoints = Checkpoints::periodic, .interval = 20s}});
  CHECK(result.ends == std::vector<base::Duration>{130s, 50s});
  CHECK(result.lost_work == 4 * 10s);
}

TEST_CASE("what a restart costs is time of the job, and lost work") {
  const auto result = replayed(
      one_preempted(), {.saving = {.checkpoints = Checkpoints::always, .restart_cost = 5s}});
  CHECK(result.ends == std::vector<base::Duration>{125s, 50s});
  CHECK(result.lost_work == 4 * 5s);
}

TEST_CASE("the job is ended that saved last") {
  const replay::Workload workload{
      {.nodes = 1, .cores_per_node = 2},
      {job_of(0s, 1000s, 1, "low"), job_of(50s, 1000s, 1, "low"), job_of(110s, 20s, 1, "urgent")}};
  // Without checkpoints the younger has less to lose, with one each 100 s the older.
  CHECK(replayed(workload, {}).ends == std::vector<base::Duration>{1000s, 1130s, 130s});
  const auto result =
      replayed(workload, {.saving = {.checkpoints = Checkpoints::periodic, .interval = 100s}});
  CHECK(result.ends == std::vector<base::Duration>{1030s, 1050s, 130s});
  CHECK(result.lost_work == 10s);
}

TEST_CASE("a job is left alone once it was preempted as often as its class allows") {
  replay::Workload workload{{.nodes = 1, .cores_per_node = 1}, {job_of(0s, 1000s, 1, "low")}};
  for (int i = 0; i < 8; ++i) workload.jobs.push_back(job_of(10s + 10s * i, 1s, 1, "urgent"));
  const auto result = replayed(workload, {});
  CHECK(result.preemptions == 5);
  CHECK(result.ends[0] == 51s + 1000s);
}

TEST_CASE("no work appears or vanishes, and nobody is ended in vain") {
  std::uint64_t n_preemptions = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    base::Random random(seed);
    const auto workload = random_workload(random);
    const auto saving = random_saving(random);
    const bool by_service = random.chance(50);
    const bool is_told = random.chance(50);
    const replay::Options options{
        .estimates = is_told ? replay::Estimates::requested : replay::Estimates::none,
        .saving = saving};
    const auto result = replayed(
        workload, options,
        {.order = by_service ? policy::Order::served : policy::Order::predicted, .slice = 20s});
    n_preemptions += result.preemptions;
    base::Duration wanted{};
    for (std::size_t i = 0; i < workload.jobs.size(); ++i) {
      const auto& job = workload.jobs[i];
      wanted += job.run * job.cores;
      CHECK(result.starts[i] >= job.submit);
      CHECK(result.ends[i] >= result.starts[i] + job.run);
    }
    CHECK(served(workload, result.attempts) == wanted + result.lost_work);
    CHECK(result.attempts.size() == workload.jobs.size() + result.preemptions);
    CHECK(most_in_use(workload, result.attempts) <= 8);
    CHECK(n_in_vain(result) == 0);
  }
  CHECK(n_preemptions > 40);
}
