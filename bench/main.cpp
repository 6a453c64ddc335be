// muster-bench: Muster beside its floors and peers on this machine, one line a figure
// (bench/README.md).

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>

#include "bench/figures.h"
#include "lib/base/text.h"

namespace {

constexpr std::string_view usage =
    "usage: muster-bench [submit | exit | jobs | mpi | preemption | launch | sampling]...\n"
    "Measures what is named, or everything but launch and sampling, and prints lines of: name "
    "value unit "
    "reference ratio.\n";

int in_job(const std::string& bin, std::string_view figure, std::string_view n_ranks) {
  const auto n = base::parse_int(n_ranks, 1, 1024);
  return n && bench::launches_in_job(bin, figure, static_cast<int>(*n)) ? 0 : 2;
}

bool measure(const std::string& bin, std::string_view figure) {
  constexpr int n_jobs = 1000;
  if (figure == "submit") {
    bench::submit_round_trip(bin);
  } else if (figure == "exit") {
    bench::submit_to_exit(bin);
  } else if (figure == "jobs") {
    bench::trivial_jobs(bin, n_jobs);
  } else if (figure == "mpi") {
    bench::mpi_launches(bin);
  } else if (figure == "launch") {
    bench::all_launches(bin);
  } else if (figure == "sampling") {
    bench::sampling(bin);
  } else if (figure == "preemption") {
    bench::preemption(bin);
  } else {
    (void)std::fputs(usage.data(), stderr);  // nothing is to be done if stderr is closed
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto words = std::span(argv, static_cast<std::size_t>(argc)).subspan(1);
  const auto bin = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  if (words.size() == 3 && std::string_view(words[0]) == "--in-job") {
    return in_job(bin, words[1], words[2]);
  }
  if (words.empty()) {
    for (const auto* figure : {"submit", "exit", "jobs", "mpi", "preemption"})
      (void)measure(bin, figure);
    return 0;
  }
  for (const auto* word : words) {
    if (!measure(bin, word)) return 2;
  }
  return 0;
}
