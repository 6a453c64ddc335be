// Replays against a plain second opinion, and properties of every replay.

#include "sim/replay/run.h"

#include <algorithm>
#include <map>
#include <vector>

#include "lib/base/random.h"
#include "scheduler/policy/policy.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;

namespace {

replay::Workload random_workload(base::Random& random, int cores, std::size_t n_jobs) {
  replay::Workload workload{.machine = {.nodes = 1, .cores_per_node = cores}, .jobs = {}};
  base::Duration at{};
  for (std::size_t i = 0; i < n_jobs; ++i) {
    at += 1s * static_cast<std::int64_t>(random.below(40));
    replay::Job job;
    job.id = static_cast<std::int64_t>(i) + 1;
    job.submit = at;
    job.requested = 1s * static_cast<std::int64_t>(1 + random.below(300));
    const auto percent = random.chance(30) ? 100 : 1 + random.below(100);
    job.run = std::max<base::Duration>(1s, job.requested / 100 * static_cast<int>(percent));
    job.run -= job.run % 1s;
    job.cores = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(cores)));
    job.user = static_cast<std::uint32_t>(random.below(5));
    workload.jobs.push_back(job);
  }
  return workload;
}

std::vector<base::Duration> starts_of(const replay::Workload& workload,
                                      const scheduler::Policy& policy,
                                      const replay::Options& options = {}) {
  return replay::run(
             workload, policy, options, [] { return base::Duration(); }, [](std::size_t) {})
      .starts;
}

/// EASY backfilling as in its definition: counts of cores, a shadow time, and what is left then.
class PlainEasy {
 public:
  explicit PlainEasy(const replay::Workload& workload)
      : jobs_(workload.jobs),
        free_(workload.machine.cores_per_node),
        starts_(jobs_.size(), base::Duration::max()) {}

  std::vector<base::Duration> run() {
    while (n_submitted_ < jobs_.size() || !running_.empty()) {
      now_ = next_moment();
      std::erase_if(running_, [this](std::size_t job) {
        if (starts_[job] + jobs_[job].run != now_) return false;
        free_ += jobs_[job].cores;
        return true;
      });
      for (; n_submitted_ < jobs_.size() && jobs_[n_submitted_].submit == now_; ++n_submitted_) {
        queue_.push_back(n_submitted_);
      }
      schedule();
    }
    return starts_;
  }

 private:
  base::Duration next_moment() const {
    auto next = base::Duration::max();
    if (n_submitted_ < jobs_.size()) next = jobs_[n_submitted_].submit;
    for (const auto job : running_) next = std::min(next, starts_[job] + jobs_[job].run);
    return next;
  }

  bool start_if_free(std::size_t job) {
    if (jobs_[job].cores > free_) return false;
    free_ -= jobs_[job].cores;
    starts_[job] = now_;
    running_.push_back(job);
    return true;
  }

  void schedule() {
    while (!queue_.empty() && start_if_free(queue_.front())) queue_.erase(queue_.begin());
    if (queue_.empty()) return;
    auto by_end = running_;
    const auto end = [this](std::size_t job) { return starts_[job] + jobs_[job].requested; };
    std::ranges::stable_sort(by_end, {}, end);
    const int needed = jobs_[queue_.front()].cores;
    int then = free_;
    auto shadow = now_;
    for (const auto job : by_end) {
      if (then >= needed && end(job) > shadow) break;
      then += jobs_[job].cores;
      shadow = end(job);
    }
    int extra = then - needed;
    std::vector<std::size_t> left{queue_.front()};
    for (std::size_t i = 1; i < queue_.size(); ++i) {
      const auto& job = jobs_[queue_[i]];
      const bool is_over_by_then = now_ + job.requested <= shadow;
      const bool may_start = is_over_by_then || job.cores <= extra;
      if (may_start && start_if_free(queue_[i])) {
        if (!is_over_by_then) extra -= job.cores;
      } else {
        left.push_back(queue_[i]);
      }
    }
    queue_ = left;
  }

  const std::vector<replay::Job>& jobs_;
  int free_;
  base::Duration now_{};
  std::size_t n_submitted_ = 0;
  std::vector<std::size_t> queue_;
  std::vector<std::size_t> running_;
  std::vector<base::Duration> starts_;
};

/// Demands of every pass that no reservation comes later than the pass before said.
scheduler::Policy watched(scheduler::Policy policy, std::map<model::JobId, base::Time>& promised) {
  policy.plan = [plan = std::move(policy.plan), &promised](const scheduler::View& view,
                                                           base::Time now) {
    auto made = plan(view, now);
    for (const auto& [job, start] : made.reservations) {
      const auto before = promised.find(job);
      if (before != promised.end() && start > before->second) FAIL("a reservation was delayed");
      if (start <= now) FAIL("a job that could start now got a reservation");
    }
    promised = made.reservations;
    return made;
  };
  return policy;
}

}  // namespace

TEST_CASE("EASY is what its definition says, job by job") {
  for (std::uint64_t seed = 0; seed < 9; ++seed) {
    base::Random random(seed);
    const auto workload = random_workload(random, 1 + static_cast<int>(random.below(20)), 100);
    INFO("seed " << seed);
    REQUIRE(starts_of(workload, policy::make({})) == PlainEasy(workload).run());
  }
}

TEST_CASE("EASY never delays a reservation, whatever the machine") {
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    base::Random random(seed);
    auto workload = random_workload(random, 4, 120);
    workload.machine = {.nodes = 3, .cores_per_node = 4};
    for (auto& job : workload.jobs) job.cores = 1 + static_cast<int>(random.below(12));
    INFO("seed " << seed);
    std::map<model::JobId, base::Time> promised;
    (void)starts_of(workload, watched(policy::make({}), promised));
  }
}

TEST_CASE("without backfilling jobs start in the order of their submission") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    base::Random random(seed);
    const auto workload = random_workload(random, 8, 100);
    CHECK(std::ranges::is_sorted(starts_of(workload, policy::make({.depth = 0}))));
  }
}

TEST_CASE("every order and depth starts every job, and not before it was submitted") {
  for (const auto order : {policy::Order::fcfs, policy::Order::sjf, policy::Order::lxf,
                           policy::Order::wfp3, policy::Order::predicted}) {
    for (const std::size_t depth :
         {std::size_t{0}, std::size_t{1}, std::size_t{3}, policy::Options::unlimited}) {
      base::Random random(depth + 7);
      const auto workload = random_workload(random, 16, 100);
      const auto starts = starts_of(workload, policy::make({.order = order, .depth = depth}));
      for (std::size_t i = 0; i < starts.size(); ++i) CHECK(starts[i] >= workload.jobs[i].submit);
    }
  }
}

TEST_CASE("told what is predicted, every job starts, in either order of events") {
  for (const auto order : {replay::EventOrder::batch, replay::EventOrder::pyss}) {
    for (const std::size_t depth : {std::size_t{1}, policy::Options::unlimited}) {
      base::Random random(depth + 3);
      const auto workload = random_workload(random, 16, 100);
      const auto starts =
          starts_of(workload, policy::make({.order = policy::Order::sjf, .depth = depth}),
                    {.event_order = order, .estimates = replay::Estimates::predicted});
      for (std::size_t i = 0; i < starts.size(); ++i) CHECK(starts[i] >= workload.jobs[i].submit);
    }
  }
}

TEST_CASE("the shortest by prediction is the one whose user's jobs were short") {
  // Both asked for the same; the user of the second had a job that was over at once.
  replay::Workload workload{.machine = {.nodes = 1, .cores_per_node = 1}, .jobs = {}};
  const auto add = [&](base::Duration submit, base::Duration run, std::uint32_t user) {
    workload.jobs.push_back({.id = 0,
                             .submit = submit,
                             .run = run,
                             .requested = 100min,
                             .cores = 1,
                             .gpus = 0,
                             .user = user,
                             .group = 0,
                             .name = {}});
  };
  add(0s, 1min, 1);
  add(1min, 100min, 2);
  add(2min, 50min, 3);
  add(3min, 2min, 1);
  const auto sjf = policy::make({.order = policy::Order::sjf});
  CHECK(starts_of(workload, sjf) == std::vector<base::Duration>{0s, 1min, 101min, 151min});
  CHECK(starts_of(workload, sjf, {.estimates = replay::Estimates::predicted}) ==
        std::vector<base::Duration>{0s, 1min, 103min, 101min});
}

TEST_CASE("GPUs are counted like cores") {
  replay::Workload workload{.machine = {.nodes = 2, .cores_per_node = 4, .gpus_per_node = 4},
                            .jobs = {}};
  for (std::int64_t i = 0; i < 3; ++i) {
    workload.jobs.push_back({.id = i,
                             .submit = {},
                             .run = 10s,
                             .requested = 10s,
                             .cores = 4,
                             .gpus = 4,
                             .user = 0,
                             .group = 0,
                             .name = {}});
  }
  CHECK(starts_of(workload, policy::make({})) == std::vector<base::Duration>{0s, 0s, 10s});
}

TEST_CASE("in the order of pyss a submission sees cores whose estimated end has come") {
  // At 10 s the first job ends early and the second as estimated; with one pass for all, both cores
  // are free for the wide job; one by one, the narrow job that came later takes the first.
  replay::Workload workload{.machine = {.nodes = 1, .cores_per_node = 2}, .jobs = {}};
  const auto add = [&](base::Duration submit, base::Duration run, base::Duration requested,
                       int cores) {
    workload.jobs.push_back({.id = 0,
                             .submit = submit,
                             .run = run,
                             .requested = requested,
                             .cores = cores,
                             .gpus = 0,
                             .user = 0,
                             .group = 0,
                             .name = {}});
  };
  add(0s, 10s, 10s, 1);
  add(0s, 10s, 90s, 1);
  add(1s, 50s, 50s, 2);
  add(2s, 10s, 10s, 1);
  CHECK(starts_of(workload, policy::make({})) == std::vector<base::Duration>{0s, 0s, 10s, 60s});
  const auto one_by_one =
      starts_of(workload, policy::make({}), {.event_order = replay::EventOrder::pyss});
  CHECK(one_by_one == std::vector<base::Duration>{0s, 0s, 20s, 10s});
}
