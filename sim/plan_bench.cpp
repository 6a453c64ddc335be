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

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
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
      : engine_({}, policy::make({.order = order})) {
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
    }
    (void)engine_.durable(engine_.last_seq());
    bytes_per_job_ = static_cast<double>(resident_bytes() - before) / n_jobs;
  }

  Duration pass() {
    const loop::Elapsed elapsed;
    for (auto& fact : engine_.plan(now_)) {
      running_.push_back(std::get<model::AttemptStarted>(fact.body));
    }
    const auto took = elapsed.so_far();
    (void)engine_.durable(engine_.last_seq());
    return took;
  }

  /// One running job ends, one pass follows.
  Duration steady_pass() {
    now_ += std::chrono::seconds(1);
    const auto place = static_cast<std::size_t>(random_.below(running_.size()));
    const auto ended = running_[place];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(place));
    model::LaunchReport report{.key = {.job = ended.job, .attempt = 1, .step = {}},
                               .started_at = now_,
                               .ended_at = now_,
                               .exit_code = 0,
                               .failure = {},
                               .usage = {}};
    (void)engine_.handle(
        scheduler::NodeSaysEnded{ended.allocation.nodes.front().node, std::move(report)}, now_);
    return pass();
  }

  std::size_t n_running() const { return running_.size(); }
  double bytes_per_job() const { return bytes_per_job_; }

 private:
  scheduler::Engine engine_;
  base::Time now_ = base::time_from_us(1'000'000'000'000);
  base::Random random_{1};
  std::vector<model::AttemptStarted> running_;
  double bytes_per_job_ = 0;
};

double ms(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

void measure(int n_nodes, int n_jobs, int n_shapes, std::string_view order_name,
             policy::Order order) {
  constexpr double target_cold_ms = 100;
  constexpr double target_steady_ms = 1;
  constexpr double target_bytes = 1000;
  Bench bench(n_nodes, n_jobs, n_shapes, order);
  const auto cold = ms(bench.pass());
  std::vector<Duration> steady;
  for (int i = 0; i < n_steady_passes && bench.n_running() > 0; ++i) {
    steady.push_back(bench.steady_pass());
  }
  std::ranges::sort(steady);
  const auto name =
      fmt::format("nodes={} jobs={} shapes={} order={}", n_nodes, n_jobs, n_shapes, order_name);
  const auto line = [&name](std::string_view figure, double value, std::string_view unit,
                            double target) {
    fmt::print("{}[{}] {:.3f} {} {:.0f} {:.2f}\n", figure, name, value, unit, target,
               value / target);
  };
  line("plan_cold", cold, "ms", target_cold_ms);
  line("plan_steady_median", ms(steady[steady.size() / 2]), "ms", target_steady_ms);
  line("plan_steady_p99", ms(steady[steady.size() * 99 / 100]), "ms", target_steady_ms);
  line("queued_job", bench.bytes_per_job(), "bytes", target_bytes);
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
