// plan-bench NODES JOBS SHAPES ORDER: times of scheduling passes over a backlog, and memory of a
// queued job; one line a figure (bench/README.md).

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/check.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "scheduler/core/apply.h"
#include "scheduler/core/engine.h"
#include "scheduler/policy/policy.h"

namespace {

using base::Duration;

constexpr int cores_per_node = 64;
constexpr int n_steady_passes = 200;

model::NodeInfo node_of(int number) {
  model::NodeInfo info{.name = "n" + std::to_string(number),
                       .pool = "default",
                       .hostname = {},
                       .address = "127.0.0.1",
                       .boot_id = "bench",
                       .kernel = {},
                       .version = {},
                       .topology = {}};
  info.topology.numa.resize(2);
  info.topology.memory = base::Bytes(std::uint64_t{256} << 30);
  for (int core = 0; core < cores_per_node; ++core) {
    info.topology.cores.push_back(
        {.package = 0, .numa = core / 32, .cpus = model::CpuSet::range(core, 1)});
  }
  return info;
}

/// Shapes differ in tasks, time limit and user.
std::shared_ptr<const model::JobSpec> spec_of(int shape) {
  auto spec = std::make_shared<model::JobSpec>();
  spec->script = "#!/bin/sh\n";
  spec->shape.tasks = 1 + shape % cores_per_node;
  spec->time_limit = std::chrono::minutes(10 + shape / cores_per_node);
  return spec;
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  file >> pages >> pages;
  return pages * 4096;
}

class Bench {
 public:
  Bench(int n_nodes, int n_jobs, int n_shapes, policy::Order order)
      : policy_(policy::make({.order = order})), engine_(settings_, policy_) {
    for (int i = 1; i <= n_nodes; ++i) {
      (void)engine_.handle(
          scheduler::NodeHello{
              {.version = model::protocol_version, .info = node_of(i), .launches = {}}},
          now_);
    }
    const auto before = resident_bytes();
    std::vector<std::shared_ptr<const model::JobSpec>> specs;
    for (int i = 0; i < n_shapes; ++i) specs.push_back(spec_of(i));
    for (int i = 0; i < n_jobs; ++i) {
      const auto shape = static_cast<std::size_t>(random_.below(specs.size()));
      (void)engine_.handle(
          scheduler::SubmitJob{
              scheduler::RequestId(1),
              {.uid = static_cast<std::uint32_t>(1000 + shape % 50), .gid = 100, .name = "user"},
              specs[shape]},
          now_);
      (void)engine_.durable(engine_.last_seq());
    }
    bytes_per_job_ = static_cast<double>(resident_bytes() - before) / n_jobs;
  }

  /// Both in the same state: what the pass took, and what is left when nothing is to be decided.
  struct Times {
    Duration pass;
    Duration floor;
  };

  /// To decide, and nothing else.
  Duration decide() {
    const scheduler::View view{engine_.state(), settings_.pools, settings_.classes,
                               settings_.workspaces, settings_.licenses};
    const loop::Elapsed elapsed;
    const auto plan = policy_.plan(view, now_);
    const auto took = elapsed.so_far();
    base::check(!plan.starts.empty(), "an empty cluster starts something");
    return took;
  }

  /// The floor: the state takes the same starts.
  Times cold_pass() {
    auto state = engine_.state();
    Times times{.pass = {}, .floor = {}};
    const auto starts = timed_plan(times.pass);
    const loop::Elapsed elapsed;
    for (const auto& fact : starts) scheduler::apply(state, fact);
    times.floor = elapsed.so_far();
    base::check(state == engine_.state(), "the same starts make the same state");
    return times;
  }

  /// One running job ends, one pass follows. The floor: a look at the oldest job of each kind.
  Times steady_pass() {
    now_ += std::chrono::seconds(1);
    end_one();
    Times times{.pass = {}, .floor = {}};
    const loop::Elapsed elapsed;
    base::Time oldest = now_;
    for (const auto& [kind, jobs] : engine_.state().queue)
      oldest = std::min(oldest, engine_.state().jobs.at(*jobs.begin()).submitted_at);
    times.floor = elapsed.so_far();
    base::check(oldest < now_ || engine_.state().queue.empty(), "jobs waited before this pass");
    (void)timed_plan(times.pass);
    return times;
  }

  std::size_t n_running() const { return running_.size(); }
  double bytes_per_job() const { return bytes_per_job_; }

 private:
  std::vector<model::Fact> timed_plan(Duration& took) {
    const loop::Elapsed elapsed;
    auto facts = engine_.plan(now_);
    took = elapsed.so_far();
    (void)engine_.durable(engine_.last_seq());
    for (const auto& fact : facts) running_.push_back(std::get<model::AttemptStarted>(fact.body));
    return facts;
  }

  void end_one() {
    const auto place = static_cast<std::size_t>(random_.below(running_.size()));
    const auto ended = running_[place];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(place));
    model::LaunchReport report{.key = {.job = ended.job, .attempt = 1, .step = {}},
                               .started_at = now_,
                               .ended_at = now_,
                               .exit_code = 0,
                               .failure = {},
                               .usage = {},
                               .ranks = {}};
    (void)engine_.handle(
        scheduler::NodeSaysEnded{ended.allocation.nodes.front().node, std::move(report)}, now_);
  }

  scheduler::Settings settings_;
  scheduler::Policy policy_;
  scheduler::Engine engine_;
  base::Time now_ = base::time_from_us(1'000'000'000'000);
  base::Random random_{1};
  std::vector<model::AttemptStarted> running_;
  double bytes_per_job_ = 0;
};

double ms(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

Duration quantile(std::vector<Duration> times, std::size_t percent) {
  std::ranges::sort(times);
  return times[times.size() * percent / 100];
}

/// What is measured, what it is to be, and the least that it could be.
struct Figure {
  std::string_view name;
  std::string_view unit;
  double value;
  double target;
  double floor;
};

void print(const Figure& figure, const std::string& of) {
  fmt::print("{}[{}] {:.3f} {} {:.0f} {:.2f} {:.3f} {:.1f}\n", figure.name, of, figure.value,
             figure.unit, figure.target, figure.value / figure.target, figure.floor,
             figure.value / figure.floor);
}

void measure(int n_nodes, int n_jobs, int n_shapes, std::string_view order_name,
             policy::Order order) {
  const auto of =
      fmt::format("nodes={} jobs={} shapes={} order={}", n_nodes, n_jobs, n_shapes, order_name);
  Bench bench(n_nodes, n_jobs, n_shapes, order);
  const auto decided = bench.decide();
  const auto cold = bench.cold_pass();
  std::vector<Duration> steady;
  std::vector<Duration> floors;
  for (int i = 0; i < n_steady_passes && bench.n_running() > 0; ++i) {
    const auto times = bench.steady_pass();
    steady.push_back(times.pass);
    floors.push_back(times.floor);
  }
  const double floor = std::max(ms(quantile(floors, 50)), 0.001);
  print({"decide_cold", "ms", ms(decided), 100, floor}, of);
  print({"plan_cold", "ms", ms(cold.pass), 100, ms(cold.floor)}, of);
  print({"plan_steady_median", "ms", ms(quantile(steady, 50)), 1, floor}, of);
  print({"plan_steady_p99", "ms", ms(quantile(steady, 99)), 1, floor}, of);
  print({"queued_job", "bytes", bench.bytes_per_job(), 1000, sizeof(scheduler::Job)}, of);
}

}  // namespace

int main(int argc, char** argv) {
  const auto words = std::span(argv, static_cast<std::size_t>(argc)).subspan(1);
  std::vector<int> numbers;
  for (const auto* word : words.first(std::min<std::size_t>(words.size(), 3))) {
    const auto number = base::parse_int(word, 1, 10'000'000);
    if (number) numbers.push_back(static_cast<int>(*number));
  }
  const auto order =
      words.size() == 4 ? policy::order_from_text(words[3]) : std::optional<policy::Order>();
  if (numbers.size() != 3 || !order) {
    (void)std::fputs(
        "usage: plan-bench NODES JOBS SHAPES ORDER, three whole numbers from 1 on and a "
        "word of scheduler.order\n",
        stderr);  // nobody else to tell
    return 2;
  }
  measure(numbers[0], numbers[1], numbers[2], words[3], *order);
  return 0;
}
