#include "launcher/map/process_use.h"

#include <cstdint>
#include <limits>

#include "lib/base/text.h"

namespace mapping {

namespace {

constexpr std::size_t first_time = 11;  // number 14 of man 5 proc, the state being number 3
constexpr std::size_t n_times = 4;      // user, system, and both of children
constexpr std::size_t resident_place = 21;

std::int64_t number(std::string_view text) {
  return base::parse_int(base::trim(text), 0, std::numeric_limits<std::int64_t>::max()).value_or(0);
}

base::Bytes of_line(std::string_view io, std::string_view name) {
  for (const auto line : base::split(io, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && line.substr(0, colon) == name)
      return base::Bytes(static_cast<std::uint64_t>(number(line.substr(colon + 1))));
  }
  return {};
}

}  // namespace

std::optional<ProcessUse> process_use(std::string_view stat, std::string_view io,
                                      const Units& units) {
  const auto name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto fields = base::split(base::trim(stat.substr(name_end + 2)), ' ');
  if (fields.size() <= resident_place) return std::nullopt;
  std::int64_t ticks = 0;
  for (std::size_t i = first_time; i < first_time + n_times; ++i) ticks += number(fields[i]);
  const auto us_per_tick = 1'000'000 / units.ticks_per_second;
  return ProcessUse{
      .cpu = base::Duration(ticks * us_per_tick),
      .memory =
          base::Bytes(static_cast<std::uint64_t>(number(fields[resident_place]) * units.page_size)),
      .read = of_line(io, "read_bytes"),
      .written = of_line(io, "write_bytes")};
}

}  // namespace mapping
