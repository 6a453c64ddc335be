#include "sim/replay/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace replay {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_width = 10;

struct Row {
  std::string_view title;
  std::string (*cell)(const Figures&);
};

std::string tenths(double value) {
  return fmt::format("{:.1f}", value);
}

constexpr std::array rows{
    Row{"mean wait, s", [](const Figures& f) { return tenths(f.wait_mean_s); }},
    Row{"median wait, s", [](const Figures& f) { return tenths(f.wait_median_s); }},
    Row{"95th percentile wait, s", [](const Figures& f) { return tenths(f.wait_p95_s); }},
    Row{"99th percentile wait, s", [](const Figures& f) { return tenths(f.wait_p99_s); }},
    Row{"longest wait, s", [](const Figures& f) { return tenths(f.wait_max_s); }},
    Row{"mean bounded slowdown",
        [](const Figures& f) { return fmt::format("{:.3f}", f.ave_bsld); }},
    Row{"mean turnaround, s", [](const Figures& f) { return tenths(f.turnaround_mean_s); }},
    Row{"utilization, %", [](const Figures& f) { return tenths(100 * f.utilization); }},
    Row{"preemptions", [](const Figures& f) { return fmt::format("{}", f.preemptions); }},
    Row{"lost work, core s", [](const Figures& f) { return tenths(f.lost_work_s); }},
    Row{"scheduling passes", [](const Figures& f) { return fmt::format("{}", f.passes); }},
    Row{"mean pass, us", [](const Figures& f) { return tenths(f.pass_mean_us); }},
    Row{"longest pass, us", [](const Figures& f) { return fmt::format("{:.0f}", f.pass_max_us); }},
};

/// The first column to the left, the others to the right.
std::string aligned(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths(lines.front().size(), least_width);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const auto& line : lines) {
    text += fmt::format("{:<{}}", line[0], widths[0]);
    for (std::size_t i = 1; i < line.size(); ++i) {
      text += fmt::format("{:>{}}", line[i], widths[i] + gap);
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string report_table(std::span<const Report> reports) {
  std::vector<std::vector<std::string>> lines{{""}};
  for (const auto& report : reports) lines.front().push_back(report.policy);
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    line.emplace_back(row.title);
    for (const auto& report : reports) line.push_back(row.cell(report.figures));
  }
  return aligned(lines);
}

std::string report_json(std::span<const Report> reports) {
  auto array = nlohmann::ordered_json::array();
  for (const auto& [policy, f] : reports) {
    array.push_back({{"policy", policy},
                     {"jobs", f.n_jobs},
                     {"wait_mean_s", f.wait_mean_s},
                     {"wait_median_s", f.wait_median_s},
                     {"wait_p95_s", f.wait_p95_s},
                     {"wait_p99_s", f.wait_p99_s},
                     {"wait_max_s", f.wait_max_s},
                     {"ave_bsld", f.ave_bsld},
                     {"turnaround_mean_s", f.turnaround_mean_s},
                     {"utilization", f.utilization},
                     {"preemptions", f.preemptions},
                     {"lost_work_s", f.lost_work_s},
                     {"passes", f.passes},
                     {"pass_mean_us", f.pass_mean_us},
                     {"pass_max_us", f.pass_max_us}});
  }
  return array.dump(2) + "\n";
}

}  // namespace replay
