// muster-sim: runs seeds of the simulated cluster and says which promise a seed breaks.

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/text.h"
#include "sim/cluster.h"

namespace {

constexpr int exit_violation = 1;
constexpr int exit_usage = 2;

constexpr std::string_view usage =
    "usage: muster-sim [--first SEED] [--seeds N] [--expect PROPERTY] [--pools yes]\n"
    "Runs N seeds (200) from SEED (1) on and ends with 1 at the first broken promise. With "
    "--expect it ends\n"
    "with 0 only if some seed breaks that promise: overlap, twice, lost, replay, sound, untrue, "
    "unfinished, overlooked, pools, unprepared, quota. With --pools the nodes "
    "come from a provider and go again.\n";

struct Options {
  std::int64_t first = 1;
  std::int64_t n_seeds = 200;
  std::optional<sim::Property> expected;
  bool has_pool = false;
};

std::optional<Options> parse(std::span<char*> words) {
  Options options;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string_view name = words[i];
    const std::string_view value = words[i + 1];
    const auto number = base::parse_int(value, 0, 1'000'000'000'000);
    if (name == "--first" && number) {
      options.first = *number;
    } else if (name == "--seeds" && number) {
      options.n_seeds = *number;
    } else if (name == "--expect" && sim::property_from_text(value)) {
      options.expected = sim::property_from_text(value);
    } else if (name == "--pools" && value == "yes") {
      options.has_pool = true;
    } else {
      return std::nullopt;
    }
  }
  return words.size() % 2 == 0 ? std::optional(options) : std::nullopt;
}

int run(const Options& options) {
  std::size_t n_jobs = 0;
  std::size_t n_launches = 0;
  std::size_t n_faults = 0;
  std::size_t n_made = 0;
  for (auto seed = options.first; seed < options.first + options.n_seeds; ++seed) {
    const auto result = sim::run_cluster(static_cast<std::uint64_t>(seed), options.has_pool);
    n_jobs += result.n_jobs;
    n_launches += result.n_launches;
    n_faults += result.n_faults;
    n_made += result.n_made;
    if (!result.violation) continue;
    fmt::print("seed {}: {}: {}\n", seed, to_text(result.violation->property),
               result.violation->text);
    if (options.expected == result.violation->property) return 0;
    if (options.expected) continue;
    fmt::print("repeat it with: muster-sim --first {} --seeds 1{}\n", seed,
               options.has_pool ? " --pools yes" : "");
    return exit_violation;
  }
  fmt::print("{} seeds from {}: {} jobs, {} launches, {} faults, {} nodes made, {}\n",
             options.n_seeds, options.first, n_jobs, n_launches, n_faults, n_made,
             options.expected ? "the promise was never broken" : "no promise broken");
  return options.expected ? exit_violation : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!options) {
    (void)std::fputs(usage.data(), stderr);  // nothing is to be done if stderr is closed
    return exit_usage;
  }
  return run(*options);
}
