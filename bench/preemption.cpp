// How soon an urgent job has the place of another, and that one runs again.

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bench/cluster.h"
#include "bench/command.h"
#include "bench/figures.h"
#include "lib/loop/clock.h"

namespace bench {

namespace {

/// A job of class low makes room five times and is left alone then.
constexpr int n_runs = 5;
constexpr auto longest_wait = std::chrono::seconds(30);

/// The numbers in a file, one a line: nanoseconds since 1970, as `date` prints them.
std::vector<std::int64_t> stamps_in(const std::string& path) {
  std::vector<std::int64_t> stamps;
  std::ifstream file(path);
  for (std::int64_t stamp = 0; file >> stamp;) stamps.push_back(stamp);
  return stamps;
}

void wait_for_stamps(const std::string& path, std::size_t n) {
  const loop::Elapsed elapsed;
  while (stamps_in(path).size() < n) {
    if (elapsed.so_far() > longest_wait)
      give_up({base::Code::unavailable, fmt::format("'{}' has no line {}", path, n)});
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

base::Duration between(std::int64_t from_ns, std::int64_t to_ns) {
  return base::Duration((to_ns - from_ns) / 1000);
}

/// From before each submission to the job's first command; `before` is called between them.
std::vector<base::Duration> starts_of(const std::vector<std::string>& submission,
                                      const std::string& stamps,
                                      const std::function<void(int)>& before) {
  std::vector<std::int64_t> submitted;
  const auto n_old = stamps_in(stamps).size();
  for (int i = 0; i < n_runs; ++i) {
    before(i);
    submitted.push_back(base::to_us(loop::now()) * 1000);
    (void)time_of(submission);
  }
  const auto started = stamps_in(stamps);
  std::vector<base::Duration> times;
  for (std::size_t i = 0; i < submitted.size(); ++i)
    times.push_back(between(submitted[i], started[n_old + i]));
  return times;
}

}  // namespace

void preemption(const std::string& bin) {
  const Cluster cluster(bin, 1, 2);
  const auto urgent_stamps = cluster.directory() + "/urgent";
  const auto victim_stamps = cluster.directory() + "/victim";
  auto urgent = cluster.muster({"submit", "--wait", "--class", "urgent", "-n", "2", "-o",
                                "/dev/null", "--wrap", "date +%s%N >>" + urgent_stamps});
  urgent.insert(urgent.begin(), {"timeout", std::to_string(longest_wait.count())});
  const auto idle = starts_of(urgent, urgent_stamps, [](int) {});
  (void)time_of(cluster.muster({"submit", "--class", "low", "-n", "2", "-o", "/dev/null", "--wrap",
                                "date +%s%N >>" + victim_stamps + "; exec sleep 1000"}));
  const auto busy = starts_of(urgent, urgent_stamps, [&](int i) {
    wait_for_stamps(victim_stamps, static_cast<std::size_t>(i) + 1);
  });
  wait_for_stamps(victim_stamps, n_runs + 1);
  std::vector<base::Duration> again;
  const auto urgents = stamps_in(urgent_stamps);
  const auto victims = stamps_in(victim_stamps);
  for (std::size_t i = 0; i < n_runs; ++i)
    again.push_back(between(urgents[n_runs + i], victims[i + 1]));
  print_line("preempt_to_start", ms(median(busy)), "ms", ms(median(idle)));
  print_line("victim_again", ms(median(again)), "ms", ms(median(idle)));
}

}  // namespace bench
