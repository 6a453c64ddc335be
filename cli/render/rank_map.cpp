#include "cli/render/rank_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/render/table.h"
#include "lib/base/text.h"

namespace render {

namespace {

std::string or_dash(const std::string& list) {
  return list.empty() ? "-" : list;
}

}  // namespace

std::string rank_map(std::vector<model::RankPlaced> ranks) {
  std::ranges::stable_sort(ranks, {}, &model::RankPlaced::rank);
  std::vector<Cells> rows;
  std::map<std::string, std::string> unbound;  // by node
  const bool have_nics = std::ranges::any_of(ranks, [](auto& rank) { return !rank.nic.empty(); });
  const bool have_roles = std::ranges::any_of(ranks, [](auto& rank) { return !rank.role.empty(); });
  for (const auto& rank : ranks) {
    rows.push_back({std::to_string(rank.rank), rank.node, or_dash(rank.cpus), or_dash(rank.numa),
                    or_dash(rank.gpus)});
    if (have_nics) rows.back().push_back(or_dash(rank.nic));
    if (have_roles) rows.back().push_back(rank.role);
    if (rank.cpus.empty()) unbound[rank.node] = rank.unbound;
  }
  std::vector<Column> columns{{"RANK", true}, {"NODE"}, {"CORES"}, {"NUMA"}, {"GPUS"}};
  if (have_nics) columns.push_back({"NIC"});
  if (have_roles) columns.push_back({"ROLE"});
  auto text = table(columns, rows, std::nullopt);
  for (const auto& [node, why] : unbound)
    text += fmt::format("{}: ranks are not bound: {}\n", base::printable(node),
                        base::printable(why, 300));
  return text;
}

std::string binding_line(const model::RankPlaced& rank) {
  auto line = fmt::format("rank {} on {} ", rank.rank, base::printable(rank.node));
  line +=
      rank.cpus.empty() ? "not bound: " + base::printable(rank.unbound, 300) : "cores " + rank.cpus;
  if (!rank.gpus.empty()) line += " GPUs " + rank.gpus;
  if (!rank.nic.empty()) line += " NIC " + rank.nic;
  if (!rank.role.empty()) line += ", " + rank.role;
  return line;
}

}  // namespace render
