#include "nodeprep/judge/gpu_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

#include "lib/base/text.h"

namespace judge {

namespace {

constexpr std::size_t longest_line = 200;

/// Of nvmlClocksEventReasons.
struct ClocksReason {
  std::uint64_t bit;
  std::string_view text;
};
constexpr std::array<ClocksReason, 3> slowdowns{
    {{0x08, "hardware slowdown"}, {0x40, "thermal slowdown"}, {0x80, "power brake"}}};
constexpr ClocksReason software_thermal{0x20, "thermal slowdown by the driver"};

std::string times(std::uint64_t n, std::string_view noun) {
  return base::plural(static_cast<std::int64_t>(n), noun);
}

std::vector<std::string> memory_faults(const model::GpuHealth& gpu) {
  std::vector<std::string> faults;
  if (gpu.ecc_volatile.value_or(0) > 0) {
    faults.push_back(times(*gpu.ecc_volatile, "uncorrectable ECC error") +
                     " since its driver was loaded");
  }
  if (gpu.has_remap_failed.value_or(false))
    faults.emplace_back("a row of its memory could not be remapped");
  if (gpu.is_remap_pending.value_or(false))
    faults.emplace_back("a row of its memory is remapped only after a reset");
  if (gpu.is_retirement_pending.value_or(false))
    faults.emplace_back("a page of its memory is retired only after a reset");
  return faults;
}

std::vector<std::string> faults_of(const GpuState& gpu, const std::vector<Xid>& xids,
                                   const GpuLimits& limits) {
  std::vector<std::string> faults;
  const auto& health = gpu.health;
  if (!health.lost.empty()) faults.push_back(health.lost);
  for (const auto& xid : xids) {
    if (xid.pci == gpu.pci && kind_of_xid(xid.number) == XidKind::grave) {
      faults.push_back(
          fmt::format("Xid {} ({})", xid.number, base::printable(xid.text, longest_line)));
    }
  }
  std::ranges::move(memory_faults(gpu.health), std::back_inserter(faults));
  const bool knows_heat = health.temperature && health.slowdown_temperature.value_or(0) > 0;
  if (knows_heat && *health.temperature >= *health.slowdown_temperature) {
    faults.push_back(fmt::format("it is at {} degrees, and slows down from {}", *health.temperature,
                                 *health.slowdown_temperature));
  }
  const bool knows_link = health.link_width && health.link_width_max;
  if (limits.full_link && knows_link && *health.link_width < *health.link_width_max) {
    faults.push_back(fmt::format("its PCIe link has {} of {}", *health.link_width,
                                 times(*health.link_width_max, "lane")));
  }
  return faults;
}

std::vector<std::string> notes_of(const GpuState& gpu, const std::vector<Xid>& xids,
                                  const GpuLimits& limits) {
  std::vector<std::string> notes;
  const auto& health = gpu.health;
  const auto reasons = health.clocks_event_reasons.value_or(0);
  for (const auto& [bit, text] : slowdowns) {
    if ((reasons & bit) != 0) notes.emplace_back(text);
  }
  if ((reasons & software_thermal.bit) != 0) notes.emplace_back(software_thermal.text);
  const bool knows_link = health.link_width && health.link_width_max;
  if (!limits.full_link && knows_link && *health.link_width < *health.link_width_max) {
    notes.push_back(fmt::format("its PCIe link has {} of {}", *health.link_width,
                                times(*health.link_width_max, "lane")));
  }
  for (const auto& xid : xids) {
    if (xid.pci != gpu.pci || kind_of_xid(xid.number) == XidKind::grave) continue;
    const bool is_of_work = kind_of_xid(xid.number) == XidKind::application;
    notes.push_back(fmt::format("Xid {}{}", xid.number, is_of_work ? ", of a program" : ""));
  }
  return notes;
}

using Member =
    std::variant<std::string model::GpuHealth::*, std::optional<std::uint64_t> model::GpuHealth::*,
                 std::optional<unsigned> model::GpuHealth::*,
                 std::optional<bool> model::GpuHealth::*>;

struct Field {
  std::string_view name;
  Member member;
};

constexpr std::array<Field, 18> fields{
    {{"lost", &model::GpuHealth::lost},
     {"ecc_volatile", &model::GpuHealth::ecc_volatile},
     {"ecc_aggregate", &model::GpuHealth::ecc_aggregate},
     {"retired_single_bit", &model::GpuHealth::retired_single_bit},
     {"retired_double_bit", &model::GpuHealth::retired_double_bit},
     {"retirement_pending", &model::GpuHealth::is_retirement_pending},
     {"remapped_correctable", &model::GpuHealth::remapped_correctable},
     {"remapped_uncorrectable", &model::GpuHealth::remapped_uncorrectable},
     {"remap_pending", &model::GpuHealth::is_remap_pending},
     {"remap_failed", &model::GpuHealth::has_remap_failed},
     {"link_width", &model::GpuHealth::link_width},
     {"link_width_max", &model::GpuHealth::link_width_max},
     {"link_generation", &model::GpuHealth::link_generation},
     {"link_generation_max", &model::GpuHealth::link_generation_max},
     {"temperature", &model::GpuHealth::temperature},
     {"slowdown_temperature", &model::GpuHealth::slowdown_temperature},
     {"clocks_event_reasons", &model::GpuHealth::clocks_event_reasons},
     {"persistent", &model::GpuHealth::is_persistent}}};

/// Whether the value is one of that kind.
bool set(std::string& to, std::string_view value) {
  to = value;
  return true;
}

bool set(std::optional<bool>& to, std::string_view value) {
  to = value == "yes";
  return value == "yes" || value == "no";
}

template <class Number>
bool set(std::optional<Number>& to, std::string_view value) {
  const auto number = base::parse_int(value, 0, std::numeric_limits<std::int32_t>::max());
  if (number) to = static_cast<Number>(*number);
  return number.has_value();
}

bool set_field(GpuState& gpu, std::string_view name, std::string_view value) {
  if (name == "name") {
    gpu.name = value;
    return true;
  }
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found != fields.end() &&
         std::visit([&](const auto member) { return set(gpu.health.*member, value); },
                    found->member);
}

}  // namespace

GpuVerdict judge(const GpuState& gpu, const std::vector<Xid>& xids, const GpuLimits& limits) {
  if (const auto faults = faults_of(gpu, xids, limits); !faults.empty())
    return {GpuFitness::failing, base::join(faults, "; ")};
  if (const auto notes = notes_of(gpu, xids, limits); !notes.empty())
    return {GpuFitness::noted, base::join(notes, "; ")};
  return {};
}

base::Result<Recording> recording_from_text(std::string_view text) {
  Recording recording;
  int n_lines = 0;
  for (const auto line : base::split(text, '\n')) {
    ++n_lines;
    if (base::trim(line).empty() || line.starts_with('#')) continue;
    const auto wrong = [&](std::string_view expected) {
      return base::fail(base::Code::invalid, fmt::format("line {}: '{}': expected {}", n_lines,
                                                         base::printable(line), expected));
    };
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return wrong("FIELD: VALUE");
    const auto name = base::trim(line.substr(0, colon));
    const auto value = base::trim(line.substr(colon + 1));
    if (name == "gpu") {
      recording.gpus.push_back({.pci = std::string(value), .name = {}, .health = {}});
    } else if (name == "kernel") {
      auto record = record_from_line(value);
      if (!record) return wrong("a record as /dev/kmsg has it");
      recording.kernel.push_back(*std::move(record));
    } else if (recording.gpus.empty() || !set_field(recording.gpus.back(), name, value)) {
      return wrong("a field of a GPU, below its line 'gpu: ADDRESS'");
    }
  }
  return recording;
}

}  // namespace judge
