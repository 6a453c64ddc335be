// What it costs a node to know what its ranks use.

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "bench/cluster.h"
#include "bench/command.h"
#include "bench/figures.h"
#include "lib/loop/clock.h"

namespace bench {

namespace {

constexpr int n_sleepers = 64;
constexpr auto watched = std::chrono::seconds(5);  // samples are most frequent at first
constexpr auto longest_launch = std::chrono::seconds(30);
constexpr double ns_per_ms = 1e6;
constexpr double one_percent = 10;  // ms of each second of one core

int n_words(const std::string& path) {
  std::ifstream file(path);
  int n = 0;
  for (std::string word; file >> word;) ++n;
  return n;
}

/// The launcher of the step, when all of its ranks are there.
std::string wait_for_launcher(const std::string& directory) {
  const loop::Elapsed elapsed;
  while (elapsed.so_far() < longest_launch) {
    std::ifstream file(directory + "/nodes/n1/launches/1.1.0/pid");
    std::string pid;
    const bool is_there = static_cast<bool>(file >> pid);
    if (is_there && n_words(fmt::format("/proc/{0}/task/{0}/children", pid)) >= n_sleepers)
      return pid;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  give_up({base::Code::unavailable, fmt::format("{} ranks did not start", n_sleepers)});
}

/// Time that a process has run, in nanoseconds; its own threads, and none of its children.
double run_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/schedstat");
  double time = 0;
  if (!(file >> time))
    give_up({base::Code::unavailable, "'/proc/" + pid + "/schedstat' cannot be read"});
  return time;
}

}  // namespace

void sampling(const std::string& bin) {
  const Cluster cluster(bin, 1, n_sleepers);
  (void)time_of(cluster.muster({"submit", "-n", std::to_string(n_sleepers), "-o", "/dev/null",
                                "--wrap", "exec muster run sleep 1000"}));
  const auto launcher = wait_for_launcher(cluster.directory());
  std::this_thread::sleep_for(std::chrono::seconds(1));  // the launch itself is not meant
  const auto before = run_time(launcher);
  const loop::Elapsed elapsed;
  std::this_thread::sleep_for(watched);
  const double used = (run_time(launcher) - before) / ns_per_ms;
  const double seconds = ms(elapsed.so_far()) / 1000;
  print_line(fmt::format("sampling_{}", n_sleepers), used / seconds, "ms/s", one_percent);
}

}  // namespace bench
