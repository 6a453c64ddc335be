#include "bench/figures.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string_view>
#include <vector>

#include "bench/bulk.h"
#include "bench/cluster.h"
#include "bench/command.h"
#include "lib/loop/clock.h"

namespace bench {

namespace {

constexpr int n_quick_runs = 40;
constexpr std::string_view trivial_script = "#!/bin/bash\ntrue\n";

/// Writes the trivial script below the cluster's directory.
std::string write_script(const std::string& directory) {
  const auto path = directory + "/trivial.sh";
  std::ofstream(path) << trivial_script;
  (void)time_of({"chmod", "+x", path});
  return path;
}

/// Median times of two command lines, run in turn.
std::pair<base::Duration, base::Duration> compare(const std::vector<std::string>& ours,
                                                  const std::vector<std::string>& reference,
                                                  int n_runs) {
  std::vector<base::Duration> times_of_ours;
  std::vector<base::Duration> times_of_reference;
  for (int i = 0; i < n_runs; ++i) {
    times_of_ours.push_back(time_of(ours));
    times_of_reference.push_back(time_of(reference));
  }
  return {median(std::move(times_of_ours)), median(std::move(times_of_reference))};
}

model::JobSpec trivial_job(const std::string& directory) {
  model::JobSpec job;
  job.name = "trivial";
  job.script = trivial_script;
  job.script_name = "trivial.sh";
  job.environment = {{"PATH", "/usr/bin:/bin"}};
  job.work_dir = directory;
  job.output = directory + "/out-%j";
  return job;
}

}  // namespace

double ms(base::Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

void print_line(std::string_view name, double value, std::string_view unit, double reference) {
  fmt::print("{} {:.2f} {} {:.2f} {:.2f}\n", name, value, unit, reference, value / reference);
  (void)std::fflush(stdout);  // a closed stdout ends the next line
}

void submit_round_trip(const std::string& bin) {
  const Cluster cluster(bin, 1, 2);
  const auto script = write_script(cluster.directory());
  const auto [ours, floor] = compare(
      cluster.muster({"submit", "--hold", "--output", cluster.directory() + "/out-%j", script}),
      {"/bin/true"}, n_quick_runs);
  print_line("submit_round_trip", ms(ours), "ms", ms(floor));
}

void submit_to_exit(const std::string& bin) {
  const Cluster cluster(bin, 1, 2);
  const auto script = write_script(cluster.directory());
  const auto [ours, floor] = compare(
      cluster.muster({"submit", "--wait", "--output", cluster.directory() + "/out-%j", script}),
      {script}, n_quick_runs);
  print_line("submit_to_exit", ms(ours), "ms", ms(floor));
}

void trivial_jobs(const std::string& bin, int n) {
  constexpr int at_once = 16;
  constexpr int n_cores = 2;
  const Cluster cluster(bin, 1, n_cores);
  const auto script = write_script(cluster.directory());
  const auto floor = spawn_all({script}, n, n_cores);
  const loop::Elapsed elapsed;
  const auto submitted =
      submit_all(cluster.api_socket(), trivial_job(cluster.directory()), n, at_once);
  if (!submitted) give_up(submitted.error());
  if (const auto idle = wait_until_idle(cluster.api_socket()); !idle) give_up(idle.error());
  const auto per_s = [n](base::Duration took) { return n * 1000.0 / ms(took); };
  print_line("trivial_jobs", per_s(elapsed.so_far()), "jobs/s", per_s(floor));
}

}  // namespace bench
