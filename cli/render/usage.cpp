#include "cli/render/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string_view>
#include <vector>

#include "lib/base/text.h"
#include "lib/model/layout.h"

namespace render {

namespace {

// Less than this part of what was asked for, and it was asked for more than twice as much.
constexpr double low_part = 0.5;
constexpr double spare = 1.25;  // beside what was used
constexpr double us_per_s = 1e6;
constexpr double long_enough = 10;  // seconds: of a shorter job nobody can tell

double seconds(base::Duration time) {
  return static_cast<double>(time.count()) / us_per_s;
}

std::string percent(double part) {
  return fmt::format("{}%", std::lround(100 * part));
}

double run_seconds(const model::JobRecord& job) {
  return job.started_at && job.ended_at ? seconds(*job.ended_at - *job.started_at) : 0;
}

double cores_used(const model::JobRecord& job) {
  const double time = run_seconds(job);
  return time > 0 ? seconds(job.usage.cpu) / time : 0;
}

/// On the node that has most; 0: none was asked for, so that nobody counts it.
base::Bytes memory_asked(const model::JobRecord& job) {
  base::Bytes most;
  for (const auto& share : job.allocation.nodes) most = std::max(most, share.memory);
  return most;
}

double part_of(base::Bytes used, base::Bytes all) {
  return all == base::Bytes()
             ? 0
             : static_cast<double>(used.count()) / static_cast<double>(all.count());
}

/// A row of bars, one for each value; the highest has the height of `most`.
std::string bars(const std::vector<double>& values, double most) {
  static constexpr std::array<std::string_view, 8> heights{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  for (const double value : values) {
    const double part = most > 0 ? std::clamp(value / most, 0.0, 1.0) : 0;
    text += heights[static_cast<std::size_t>(std::lround(part * (heights.size() - 1)))];
  }
  return text;
}

template <class Of>
std::vector<double> column(const model::UsageSeries& series, Of of) {
  std::vector<double> values;
  for (const auto& point : series.points) values.push_back(of(point));
  return values;
}

double highest(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::ranges::max_element(values);
}

/// Of rates, each for as long as its point lasts.
double mean_rate(const model::UsageSeries& series, const std::vector<double>& rates) {
  double sum = 0;
  double time = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    sum += rates[i] * seconds(length_of(series, i));
    time += seconds(length_of(series, i));
  }
  return time > 0 ? sum / time : 0;
}

/// "each bar 2s, the last 500ms"
std::string scale(const model::UsageSeries& series) {
  const auto text = "each bar " + base::to_text(series.interval);
  return series.last == base::Duration() ? text : text + ", the last " + base::to_text(series.last);
}

void add_bytes(std::string& text, std::string_view name, const std::vector<double>& values,
               std::string_view unit) {
  const double most = highest(values);
  if (most <= 0) return;
  text += fmt::format("  {:<8} {}  at most {}{}\n", name, bars(values, most),
                      base::to_text(base::Bytes(static_cast<std::uint64_t>(most))), unit);
}

std::string launch_block(const model::LaunchUsage& launch, const View& view) {
  const auto& series = launch.series;
  const auto per_second = [&](auto of) {
    auto values = column(series, of);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] /= std::max(seconds(length_of(series, i)), 1e-6);
    return values;
  };
  const auto what = launch.launch.step ? fmt::format("step {}", launch.launch.step->number())
                                       : std::string("script");
  auto text = fmt::format("{} on {} since {}, {}\n", what, launch.node, view.time(series.since),
                          scale(series));
  const auto cores = per_second([](const auto& point) { return seconds(point.cpu); });
  text += fmt::format("  {:<8} {}  {:.1f} of {} on average, at most {:.1f}\n", "cores",
                      bars(cores, std::max<double>(launch.cores, highest(cores))),
                      mean_rate(series, cores), launch.cores, highest(cores));
  const auto memory =
      column(series, [](const auto& p) { return static_cast<double>(p.memory.count()); });
  add_bytes(text, "memory", memory,
            launch.memory == base::Bytes() ? "" : " of " + base::to_text(launch.memory));
  add_bytes(text, "read",
            per_second([](const auto& p) { return static_cast<double>(p.read.count()); }), "/s");
  add_bytes(text, "written",
            per_second([](const auto& p) { return static_cast<double>(p.written.count()); }), "/s");
  if (launch.gpus == 0) return text;
  const auto gpus = per_second([](const auto& point) { return seconds(point.gpu_busy); });
  text += fmt::format("  {:<8} {}  busy {} on average\n", "GPUs", bars(gpus, launch.gpus),
                      percent(mean_rate(series, gpus) / launch.gpus));
  add_bytes(text, "GPU mem",
            column(series, [](const auto& p) { return static_cast<double>(p.gpu_memory.count()); }),
            " on one");
  return text;
}

}  // namespace

std::string efficiency_text(const model::JobRecord& job) {
  const int n_cores = model::n_cores(job.allocation);
  if (!job.outcome || run_seconds(job) <= 0 || n_cores == 0) return {};
  const double cores = cores_used(job);
  auto text = fmt::format("{:.1f} of {} ({})", cores, base::plural(n_cores, "core"),
                          percent(cores / n_cores));
  const auto asked = memory_asked(job);
  if (asked > base::Bytes() && job.usage.total_peak > base::Bytes()) {
    text += fmt::format(", {} of {} ({})", base::to_text(job.usage.total_peak),
                        base::to_text(asked), percent(part_of(job.usage.total_peak, asked)));
  }
  if (job.usage.gpu) text += ", GPUs " + model::busy_text(*job.usage.gpu);
  return text;
}

std::string efficiency_line(const model::JobRecord& job) {
  const auto text = efficiency_text(job);
  return text.empty() ? "" : "job " + to_text(job.job) + " used " + text + "\n";
}

std::string request_hint(const model::JobRecord& job) {
  const int n_cores = model::n_cores(job.allocation);
  if (!job.outcome || run_seconds(job) < long_enough || n_cores == 0) return {};
  std::vector<std::string> parts;
  const double cores = cores_used(job);
  const auto enough = std::max(1L, std::lround(std::ceil(cores)));
  if (cores / n_cores < low_part && enough < n_cores) parts.push_back(base::plural(enough, "core"));
  const auto asked = memory_asked(job);
  const auto peak = job.usage.total_peak;
  if (asked > base::Bytes() && peak > base::Bytes() && part_of(peak, asked) < low_part) {
    constexpr std::uint64_t mib = base::kib * base::kib;
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(peak.count()) * spare);
    parts.push_back(base::to_text(base::Bytes((wanted + mib - 1) / mib * mib)) +
                    " of memory a node");
  }
  return parts.empty() ? "" : "would have done with " + base::join(parts, " and ");
}

std::string usage_over_time(const model::JobRecord& job, const View& view) {
  std::string text;
  for (const auto& launch : job.over_time) text += launch_block(launch, view);
  return text;
}

}  // namespace render
