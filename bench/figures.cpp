#include "bench/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "bench/bulk.h"
#include "bench/cluster.h"
#include "bench/command.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"

namespace bench {

namespace {

constexpr int n_quick_runs = 40;
constexpr int n_launch_runs = 7;
constexpr std::string_view trivial_script = "#!/bin/bash\ntrue\n";

/// A program that was built with an MPI library, and how the library's own launcher is called.
struct LaunchedLibrary {
  std::string_view figure;
  std::string_view program;
  std::array<std::string_view, 3> launcher;
};

constexpr std::array<LaunchedLibrary, 2> launched_libraries{
    {{"mpi_hello", "bench-hello", {"mpirun", "--oversubscribe", "--allow-run-as-root"}},
     {"mpich_hello", "bench-mpich-hello", {"mpiexec.hydra"}}}};

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

/// Inside a job mpirun and mpiexec are Muster's own; those of the libraries are next in PATH.
void forget_own_starters(const std::string& bin) {
  const char* path = std::getenv("PATH");
  std::vector<std::string> folders;
  for (const auto folder : base::split(path == nullptr ? "" : path, ':')) {
    std::error_code absent;
    if (!std::filesystem::equivalent(folder, bin + "/mpi", absent)) folders.emplace_back(folder);
  }
  (void)::setenv("PATH", base::join(folders, ":").c_str(), 1);
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

void mpi_launches(const std::string& bin) {
  constexpr int most_ranks = 16;
  const Cluster cluster(bin, 1, most_ranks);
  for (const auto& library : launched_libraries) {
    if (!std::filesystem::exists(bin + "/" + std::string(library.program))) continue;
    for (const int n_ranks : {2, 4, 8, 16}) {
      const auto name = fmt::format("{}_{}", library.figure, n_ranks);
      const auto output = cluster.directory() + "/" + name;
      (void)time_of(cluster.muster({"submit", "--wait", "--ntasks", std::to_string(n_ranks),
                                    "--output", output, "--", bin + "/muster-bench", "--in-job",
                                    std::string(library.figure), std::to_string(n_ranks)}));
      double ours = 0;
      double theirs = 0;
      if (!(std::ifstream(output) >> ours >> theirs)) {
        give_up({base::Code::corrupt, fmt::format("'{}' does not hold the two times", output)});
      }
      print_line(name, ours, "ms", theirs);
    }
  }
}

bool mpi_launches_in_job(const std::string& bin, std::string_view figure, int n_ranks) {
  const auto* library = std::find_if(launched_libraries.begin(), launched_libraries.end(),
                                     [figure](const auto& each) { return each.figure == figure; });
  if (library == launched_libraries.end()) return false;
  const auto n = std::to_string(n_ranks);
  const auto hello = bin + "/" + std::string(library->program);
  std::vector<std::string> theirs(library->launcher.begin(), library->launcher.end());
  std::erase(theirs, "");
  forget_own_starters(bin);
  theirs.insert(theirs.end(), {"-n", n, hello});
  const auto [ours, reference] =
      compare({bin + "/muster", "run", "-n", n, hello}, theirs, n_launch_runs);
  fmt::print("{:.2f} {:.2f}\n", ms(ours), ms(reference));
  return true;
}

}  // namespace bench
