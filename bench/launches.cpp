// What a launch of ranks costs beside the launchers of Open MPI and MPICH, and whether the ranks
// then talk as fast.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "bench/cluster.h"
#include "bench/command.h"
#include "bench/figures.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"

namespace bench {

namespace {

using Words = std::vector<std::string>;

constexpr int n_turns = 7;
constexpr int most_ranks = 32;
constexpr int n_nodes_at_most = 4;
constexpr auto longest_start = std::chrono::seconds(30);

const Words open_mpi{"mpirun", "--oversubscribe", "--allow-run-as-root"};
const Words hydra{"mpiexec.hydra"};

/// A program that is started by both; empty: every machine has it.
struct Contest {
  std::string_view figure;
  std::string_view program;
  std::string_view needs;  // a program of ours that is there where the other launcher is
  const Words& theirs;
};

const std::array<Contest, 3> contests{
    {{"mpi_hello", "bench-hello", "bench-hello", open_mpi},
     {"mpich_hello", "bench-mpich-hello", "bench-mpich-hello", hydra},
     {"plain_true", "", "bench-mpich-hello", hydra}}};

bool is_there(const std::string& bin, std::string_view program) {
  return std::filesystem::exists(bin + "/" + std::string(program));
}

/// Inside a job mpirun and mpiexec are Muster's own; those of the libraries are next in PATH.
void forget_own_starters(const std::string& bin) {
  const char* path = std::getenv("PATH");
  Words folders;
  for (const auto folder : base::split(path == nullptr ? "" : path, ':')) {
    std::error_code absent;
    if (!std::filesystem::equivalent(folder, bin + "/mpi", absent)) folders.emplace_back(folder);
  }
  (void)::setenv("PATH", base::join(folders, ":").c_str(), 1);
}

Words with_ranks(Words launcher, int n_ranks, const std::string& program) {
  launcher.insert(launcher.end(), {"-n", std::to_string(n_ranks), program});
  return launcher;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// A line for the part outside: name, ours, unit, theirs. Both were measured in turn.
void tell(std::string_view name, std::vector<double> ours, std::string_view unit,
          std::vector<double> theirs) {
  fmt::print("{} {:.3f} {} {:.3f}\n", name, median_of(std::move(ours)), unit,
             median_of(std::move(theirs)));
}

void time_launches(const std::string& name, const Words& ours, const Words& theirs) {
  std::vector<double> of_ours;
  std::vector<double> of_theirs;
  for (int i = 0; i < n_turns; ++i) {
    of_ours.push_back(ms(time_of(ours)));
    of_theirs.push_back(ms(time_of(theirs)));
  }
  tell(name, std::move(of_ours), "ms", std::move(of_theirs));
}

struct Traffic {
  std::vector<double> latencies;   // us
  std::vector<double> bandwidths;  // MB/s

  void measure(const Words& words) {
    const auto finished = need(run(words, Keep::output));
    double latency = 0;
    double bandwidth = 0;
    if (finished.exit_code != 0 || !(std::istringstream(finished.output) >> latency >> bandwidth)) {
      give_up({base::Code::corrupt,
               fmt::format("'{}' printed no two numbers", base::join(words, " "))});
    }
    latencies.push_back(latency);
    bandwidths.push_back(bandwidth);
  }
};

void time_traffic(const Words& ours, const Words& theirs) {
  Traffic of_ours;
  Traffic of_theirs;
  for (int i = 0; i < n_turns; ++i) {
    of_ours.measure(ours);
    of_theirs.measure(theirs);
  }
  tell("mpi_latency", std::move(of_ours.latencies), "us", std::move(of_theirs.latencies));
  tell("mpi_bandwidth", std::move(of_ours.bandwidths), "MB/s", std::move(of_theirs.bandwidths));
}

/// Where something is measured.
struct Arena {
  const Cluster& cluster;
  std::string bin;
  int n_nodes = 1;

  std::string suffix(int n_ranks) const {
    return n_nodes == 1 ? fmt::format("_{}", n_ranks)
                        : fmt::format("_{}_on_{}_nodes", n_ranks, n_nodes);
  }
};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Prints what the part inside a job finds, its names ending in `suffix`. What launchers and ranks
/// say beside it goes to standard error: a warning is no figure, and costs none.
void print_from_job(const Arena& arena, std::string_view figure, int n_ranks,
                    const std::string& suffix) {
  const auto output = fmt::format("{}/{}{}", arena.cluster.directory(), figure, suffix);
  const auto said = output + ".said";
  (void)time_of(arena.cluster.muster({"submit", "--wait", "--nodes", std::to_string(arena.n_nodes),
                                      "--ntasks", std::to_string(n_ranks), "--output", output,
                                      "--error", said, "--", arena.bin + "/muster-bench",
                                      "--in-job", std::string(figure), std::to_string(n_ranks)}));
  const auto errors = text_of(said);
  if (!errors.empty()) fmt::print(stderr, "{}{}: {}\n", figure, suffix, base::trim(errors));
  const auto printed = text_of(output);
  std::istringstream lines(printed);
  std::string name;
  std::string unit;
  double ours = 0;
  double theirs = 0;
  int n_lines = 0;
  for (; lines >> name >> ours >> unit >> theirs; ++n_lines)
    print_line(name + suffix, ours, unit, theirs);
  if (n_lines == 0) {
    give_up({base::Code::corrupt,
             fmt::format("{}{} gave no figure, but '{}'", figure, suffix, printed)});
  }
}

void contests_in(const Arena& arena, std::span<const int> ranks, std::span<const Contest> which) {
  for (const auto& contest : which) {
    if (!is_there(arena.bin, contest.needs)) continue;
    for (const int n_ranks : ranks) {
      if (n_ranks >= arena.n_nodes)
        print_from_job(arena, contest.figure, n_ranks, arena.suffix(n_ranks));
    }
  }
}

/// Of all threads of the process: any of them may have started some.
int n_children(long pid) {
  std::error_code gone;
  int n = 0;
  for (const auto& thread :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), gone)) {
    std::ifstream file(thread.path() / "children");
    for (long child = 0; file >> child;) ++n;
  }
  return n;
}

/// Of the process: MiB in memory when it has so many children.
double resident_mib(const std::function<long()>& find_pid, int n_wanted) {
  const loop::Elapsed elapsed;
  long pid = 0;
  while (pid == 0 || n_children(pid) < n_wanted) {
    if (elapsed.so_far() > longest_start)
      give_up({base::Code::unavailable, fmt::format("no launcher has {} ranks", n_wanted)});
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    pid = find_pid();
  }
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib / 1024;
  }
  give_up({base::Code::unavailable, fmt::format("process {} has ended", pid)});
}

double memory_of_ours(const Cluster& cluster, const std::string& bin, int n_ranks) {
  const auto submission = cluster.muster(
      {"submit", "--parsable", "--nodelist", "n1", "--ntasks", std::to_string(n_ranks), "--output",
       cluster.directory() + "/sleepers", "--", "muster", "run", bin + "/bench-hello", "stay"});
  const auto id = std::string(base::trim(need(run(submission, Keep::output)).output));
  const auto path = fmt::format("{}/nodes/n1/launches/{}.1.0/pid", cluster.directory(), id);
  const auto mib = resident_mib(
      [&path] {
        long pid = 0;
        std::ifstream(path) >> pid;
        return pid;
      },
      n_ranks);
  (void)time_of(cluster.muster({"cancel", id}));
  (void)need(run(cluster.muster({"wait", id})));  // which says that it was cancelled
  return mib;
}

double memory_of_theirs(const std::string& bin, int n_ranks) {
  auto words = with_ranks(open_mpi, n_ranks, bin + "/bench-hello");
  words.emplace_back("stay");
  const Background launcher(words);
  return resident_mib([&launcher] { return launcher.pid(); }, n_ranks);
}

void launcher_memory(const Cluster& cluster, const std::string& bin) {
  for (const int n_ranks : {2, most_ranks}) {
    print_line(fmt::format("launcher_memory_{}", n_ranks), memory_of_ours(cluster, bin, n_ranks),
               "MiB", memory_of_theirs(bin, n_ranks));
  }
}

}  // namespace

void mpi_launches(const std::string& bin) {
  constexpr std::array ranks{2, 4, 8, 16};
  const Cluster cluster(bin, 1, ranks.back());
  contests_in({.cluster = cluster, .bin = bin}, ranks, std::span(contests).first(2));
}

void all_launches(const std::string& bin) {
  constexpr std::array ranks{2, 4, 8, 16, most_ranks};
  {
    const Cluster cluster(bin, n_nodes_at_most, most_ranks);
    for (const int n_nodes : {1, n_nodes_at_most})
      contests_in({.cluster = cluster, .bin = bin, .n_nodes = n_nodes}, ranks, contests);
    if (!is_there(bin, "bench-hello")) return;
    launcher_memory(cluster, bin);
  }
  // Ranks on more cores than there are would be told to yield, which costs latency.
  const Cluster small(bin, 1, 2);
  print_from_job({.cluster = small, .bin = bin}, "mpi_traffic", 2, "");
}

bool launches_in_job(const std::string& bin, std::string_view figure, int n_ranks) {
  const Words muster_run{bin + "/muster", "run"};
  forget_own_starters(bin);
  if (figure == "mpi_traffic") {
    // Without --oversubscribe: ranks that share cores yield whenever they wait.
    const Words mpirun{"mpirun", "--allow-run-as-root"};
    const auto traffic = bin + "/bench-traffic";
    time_traffic(with_ranks(muster_run, n_ranks, traffic), with_ranks(mpirun, n_ranks, traffic));
    return true;
  }
  const auto contest = std::ranges::find(contests, figure, &Contest::figure);
  if (contest == contests.end()) return false;
  const auto program =
      contest->program.empty() ? "true" : bin + "/" + std::string(contest->program);
  time_launches(std::string(figure), with_ranks(muster_run, n_ranks, program),
                with_ranks(contest->theirs, n_ranks, program));
  return true;
}

}  // namespace bench
