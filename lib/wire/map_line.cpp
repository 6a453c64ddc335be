#include "lib/wire/map_line.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lib/base/text.h"

namespace wire {

namespace {

constexpr std::size_t n_fields = 8;

/// A field ends with a tabulator, and the line with a line feed.
std::string plain(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return text;
}

}  // namespace

std::string to_map_line(const model::RankPlaced& placed) {
  return std::to_string(placed.rank) + '\t' + plain(placed.node) + '\t' + plain(placed.cpus) +
         '\t' + plain(placed.numa) + '\t' + plain(placed.gpus) + '\t' + plain(placed.role) + '\t' +
         plain(placed.unbound) + '\t' + plain(placed.nic) + '\n';
}

base::Result<std::vector<model::RankPlaced>> read_map_lines(std::string_view lines) {
  std::vector<model::RankPlaced> map;
  for (const auto line : base::split(lines, '\n')) {
    if (line.empty()) continue;
    const auto fields = base::split(line, '\t');
    const auto rank = base::parse_int(fields.front(), 0, INT32_MAX);
    const bool has_nic = fields.size() == n_fields;
    if ((!has_nic && fields.size() != n_fields - 1) || !rank) {
      return base::fail(base::Code::corrupt,
                        "'" + base::printable(line) + "' is no line of a map of ranks");
    }
    map.push_back({.rank = static_cast<int>(*rank),
                   .node = std::string(fields[1]),
                   .cpus = std::string(fields[2]),
                   .gpus = std::string(fields[4]),
                   .numa = std::string(fields[3]),
                   .unbound = std::string(fields[6]),
                   .role = std::string(fields[5]),
                   .nic = has_nic ? std::string(fields[7]) : std::string()});
  }
  return map;
}

}  // namespace wire
