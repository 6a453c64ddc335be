#include "cli/render/doctor.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/render/table.h"
#include "lib/base/text.h"

namespace render {

namespace {

constexpr std::size_t longest_text = 400;

std::string shown(std::string_view text) {
  return base::printable(text, longest_text);
}

std::string milliseconds(base::Duration duration) {
  return fmt::format("{:.2f} ms", static_cast<double>(duration.count()) / 1000);
}

std::string clock_text(base::Duration offset) {
  return fmt::format("{:+.3f} s", static_cast<double>(offset.count()) / 1e6);
}

std::string libraries_of(const model::NodeFacts& facts) {
  std::vector<std::string> parts;
  for (const auto& [name, version] : facts.libraries) parts.push_back(version);
  return parts.empty() ? "-" : base::join(parts, ", ");
}

std::string free_space(const model::NodeFacts& facts) {
  std::vector<std::string> parts;
  for (const auto& folder : facts.folders) {
    parts.push_back(fmt::format("{} {}", folder.path, base::to_text(folder.free)));
  }
  return base::join(parts, ", ");
}

std::string node_part(const model::DoctorReport& report) {
  std::vector<Cells> rows;
  for (const auto& node : report.nodes) {
    if (!node.problem.empty()) {
      rows.push_back({node.node, "-", "-", "-", "-", shown(node.problem)});
      continue;
    }
    const auto& facts = node.facts;
    rows.push_back({node.node, clock_text(node.clock_offset), to_text(facts.cpus),
                    fmt::to_string(facts.n_gpus), shown(free_space(facts)),
                    shown(libraries_of(facts))});
  }
  return table({{"NODE"}, {"CLOCK", true}, {"BOUND"}, {"GPUS", true}, {"FREE"}, {"LIBRARIES"}},
               rows, std::nullopt);
}

std::string link_part(const model::DoctorReport& report) {
  if (report.hops.empty()) return {};
  std::vector<Cells> rows;
  for (const auto& hop : report.hops) {
    const auto name = fmt::format("{} -> {}", hop.from, hop.to);
    rows.push_back(hop.problem.empty()
                       ? Cells{name, milliseconds(hop.latency),
                               base::to_text(base::Bytes(hop.bytes_per_second)) + "/s"}
                       : Cells{name, "-", shown(hop.problem)});
  }
  return '\n' + table({{"LINK"}, {"LATENCY", true}, {"BANDWIDTH"}}, rows, std::nullopt);
}

std::string giga(double rate) {
  return rate > 0 ? fmt::format("{:.1f}", rate / 1e9) : "-";
}

std::string gpu_part(const model::DoctorReport& report) {
  std::vector<Cells> rows;
  for (const auto& node : report.nodes) {
    if (!node.gpu_checks) continue;
    for (const auto& gpu : node.gpu_checks->gpus) {
      rows.push_back({node.node, shown(gpu.uuid), shown(gpu.name), giga(gpu.flops_per_second),
                      giga(gpu.to_device), giga(gpu.from_device), giga(gpu.within),
                      giga(gpu.sums_in_node), giga(gpu.sums_between_nodes)});
    }
  }
  if (rows.empty()) return {};
  return '\n' + table({{"NODE"},
                       {"GPU"},
                       {"KIND"},
                       {"GFLOP/S", true},
                       {"TO GB/S", true},
                       {"FROM", true},
                       {"WITHIN", true},
                       {"IN NODE", true},
                       {"BETWEEN", true}},
                      rows, std::nullopt);
}

/// What each node sends of a sum in a ring, by the time that it takes.
std::string allreduce_part(const model::DoctorReport& report) {
  if (!report.allreduce || !report.allreduce->problem.empty()) return {};
  const auto& allreduce = *report.allreduce;
  const auto n = static_cast<double>(report.hops.size());
  const auto sent = 2 * (n - 1) / n * static_cast<double>(allreduce.size.count());
  const auto seconds = static_cast<double>(allreduce.took.count()) / 1e6;
  const auto rate = seconds > 0 ? static_cast<std::uint64_t>(sent / seconds) : 0;
  return fmt::format("\nA token went round all nodes in {}; an allreduce of {} took {}, {}/s.\n",
                     milliseconds(allreduce.token), base::to_text(allreduce.size),
                     milliseconds(allreduce.took), base::to_text(base::Bytes(rate)));
}

std::string start_up_part(const model::DoctorReport& report) {
  if (!report.start_up || !report.start_up->problem.empty()) return {};
  return fmt::format("\nAll ranks met through their launchers, as MPI programs do, in {}.\n",
                     milliseconds(report.start_up->took));
}

std::string remarks(const model::DoctorReport& report) {
  std::string text;
  for (const auto& left : report.left_out) {
    text += fmt::format("left out: {}: {}\n", shown(left.node), shown(left.why));
  }
  for (const auto& note : report.notes) text += fmt::format("note: {}\n", shown(note));
  return text.empty() ? text : '\n' + text;
}

std::string findings_part(const model::DoctorReport& report) {
  std::string text;
  for (const auto& finding : report.findings) {
    text += fmt::format("\n{}: {}\n  expected: {}\n  to do: {}\n", shown(finding.where),
                        shown(finding.found), shown(finding.expected), shown(finding.advice));
  }
  return text;
}

std::string verdict(const model::DoctorReport& report) {
  const auto what =
      fmt::format("{}, {}", base::plural(static_cast<std::int64_t>(report.nodes.size()), "node"),
                  base::plural(static_cast<std::int64_t>(report.hops.size()), "link"));
  if (report.findings.empty()) return fmt::format("\nAll is well: {}.\n", what);
  return fmt::format("\nFound: {} on {}.\n",
                     base::plural(static_cast<std::int64_t>(report.findings.size()), "problem"),
                     what);
}

}  // namespace

std::string doctor_report(const model::DoctorReport& report) {
  return node_part(report) + gpu_part(report) + link_part(report) + allreduce_part(report) +
         start_up_part(report) + remarks(report) + findings_part(report) + verdict(report);
}

}  // namespace render
