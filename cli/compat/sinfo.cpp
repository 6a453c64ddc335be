// sinfo: the nodes, as Slurm lists them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/compat/command.h"
#include "cli/compat/filter_options.h"
#include "cli/compat/job_source.h"
#include "cli/compat/node_fields.h"
#include "cli/compat/slurm_json.h"
#include "cli/compat/slurm_time.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace cli {

namespace sinfo {
namespace {

using compat::NodeGroup;
using model::NodeRecord;
using Format = compat::Format<NodeGroup>;

enum InfoId {
  all_id,
  dead_id,
  exact_id,
  letters_id,
  names_id,
  json_flag_id,
  long_id,
  cluster_id,
  no_header_id,
  nodes_id,
  node_lines_id,
  partition_id,
  responding_id,
  reasons_id,
  sort_id,
  states_id,
  summary_id,
  verbose_id
};

constexpr std::array table = std::to_array<options::Option>({
    {all_id, "all", 'a', "", "Accepted: all partitions are shown anyway."},
    {dead_id, "dead", 'd', "", "Nodes that are not heard."},
    {exact_id, "exact", 'e', "", "Accepted: nodes that differ are apart anyway."},
    {letters_id, "format", 'o', "FORMAT", "What to show, such as '%P %t %D'."},
    {names_id, "Format", 'O', "FIELDS", "The same by names, such as nodelist:20,cpus."},
    {json_flag_id, "json", 0, "", "JSON in the form of Slurm 23.11."},
    {long_id, "long", 'l', "", "More columns."},
    {cluster_id, "clusters", 'M', "NAMES", "Accepted: there is one cluster."},
    {cluster_id, "cluster", 0, "NAMES", ""},
    {no_header_id, "noheader", 'h', "", "No line of headings."},
    {nodes_id, "nodes", 'n', "NODES", "These nodes."},
    {node_lines_id, "Node", 'N', "", "A line for each node."},
    {partition_id, "partition", 'p', "NAMES", "These partitions: pools of Muster."},
    {responding_id, "responding", 'r', "", "Nodes that are heard."},
    {reasons_id, "list-reasons", 'R', "", "Why nodes take no work."},
    {sort_id, "sort", 'S', "LETTERS", "Accepted: partitions come by name, nodes as they joined."},
    {states_id, "states", 't', "STATES", "Nodes in these states: idle, mixed, drain."},
    {summary_id, "summarize", 's', "", "A line for each partition."},
    {verbose_id, "verbose", 'v', "", "Accepted."},
});

std::string default_format(const options::Parsed& line, std::size_t partition_width,
                           std::size_t name_width) {
  if (options::has(line, reasons_id)) return "%20E %9u %19H %N";
  if (options::has(line, summary_id))
    return fmt::format("%{}P %.5a %.10l %.16F %N", partition_width);
  if (options::has(line, node_lines_id) && options::has(line, long_id)) {
    return fmt::format("%{}N %.6D %.{}P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E", name_width,
                       partition_width);
  }
  if (options::has(line, node_lines_id))
    return fmt::format("%{}N %.6D %.{}P %6t", name_width, partition_width);
  if (options::has(line, long_id))
    return fmt::format("%{}P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N", partition_width);
  return fmt::format("%{}P %.5a %.10l %.6D %.6t %N", partition_width);
}

/// The longest of the names and a heading.
template <class Name>
std::size_t longest(const std::vector<NodeRecord>& nodes, std::size_t least, Name name) {
  for (const auto& node : nodes) least = std::max(least, name(node).size());
  return least;
}

Try<Format> read_format(const options::Parsed& line, const std::vector<NodeRecord>& nodes) {
  const auto fields = compat::node_fields();
  if (const auto* given = options::find(line, names_id)) {
    auto format = compat::format_of_names(fields, given->value);
    if (!format) return refuse(format.error());
    return *std::move(format);
  }
  constexpr std::size_t least_of_partitions = 9;
  constexpr std::size_t least_of_names = 10;
  auto text = default_format(
      line,
      longest(nodes, least_of_partitions, [](const auto& node) { return node.info.pool + "*"; }),
      longest(nodes, least_of_names, [](const auto& node) { return node.info.name; }));
  if (const auto from = variable("SINFO_FORMAT")) text = *from;
  if (const auto* given = options::find(line, letters_id)) text = given->value;
  auto format = compat::format_of_letters(fields, text);
  if (!format) return refuse(format.error());
  return *std::move(format);
}

bool is_heard(const NodeRecord& node) {
  return node.state != model::NodeState::away && node.state != model::NodeState::lost;
}

Try<std::vector<NodeRecord>> wanted(const options::Parsed& line, std::vector<NodeRecord> nodes) {
  if (const auto* given = options::find(line, nodes_id)) {
    const auto names = model::expand_hosts(given->value);
    if (!names) return refuse(names.error());
    std::erase_if(nodes, [&](const NodeRecord& node) {
      return std::ranges::find(*names, node.info.name) == names->end();
    });
  }
  if (const auto* given = options::find(line, partition_id)) {
    const auto pools = compat::words_of(given->value);
    std::erase_if(nodes, [&](const NodeRecord& node) {
      return std::ranges::find(pools, node.info.pool) == pools.end();
    });
  }
  if (const auto* given = options::find(line, states_id)) {
    const auto states = compat::node_states_from_text(given->value);
    if (!states) return refuse(states.error());
    std::erase_if(nodes,
                  [&](const NodeRecord& node) { return !compat::is_in_state(node, *states); });
  }
  const bool only_heard = options::has(line, responding_id);
  if (only_heard || options::has(line, dead_id))
    std::erase_if(nodes, [&](const NodeRecord& node) { return is_heard(node) != only_heard; });
  if (options::has(line, reasons_id))
    std::erase_if(nodes,
                  [](const NodeRecord& node) { return compat::node_reason(node) == "none"; });
  return nodes;
}

/// A partition without nodes has a line, too.
std::string empty_line(const options::Parsed& line) {
  const auto pool = value_of(line, partition_id);
  return fmt::format("{:<9} {:>5} {:>10} {:>6} {:>6} \n", pool.empty() ? "default" : pool, "up",
                     "infinite", 0, "n/a");
}

Outcome run_sinfo(std::span<const std::string> words) {
  const auto line =
      options::parse(table, without_value(words, "--json"), options::Operands::anywhere);
  if (!line) return refuse(line.error());
  if (!line->rest.empty())
    return refuse(fmt::format("Unrecognized option: {}", base::printable(line->rest.front())));
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  auto all = list_nodes(*api);
  if (!all) return std::unexpected(all.error());
  const auto format = read_format(*line, *all);
  if (!format) return std::unexpected(format.error());
  const auto nodes = wanted(*line, *std::move(all));
  if (!nodes) return std::unexpected(nodes.error());
  const auto with = surroundings(*api, true);
  if (!with) return std::unexpected(with.error());
  const auto groups = compat::groups_of(*nodes, *format, options::has(*line, node_lines_id), *with);
  if (options::has(*line, json_flag_id)) {
    print(compat::nodes_json(groups, *with));
    return exit_done;
  }
  const bool has_header = !options::has(*line, no_header_id);
  if (options::has(*line, cluster_id) && has_header) print("CLUSTER: " + with->cluster + "\n");
  if (options::has(*line, long_id)) print(compat::date_line(with->now));
  if (has_header) print(compat::heading_line(*format));
  for (const auto& group : groups) print(compat::row_line(*format, group, *with));
  const bool is_default = !options::has(*line, letters_id) && !options::has(*line, names_id) &&
                          !options::has(*line, reasons_id) && !options::has(*line, node_lines_id);
  if (groups.empty() && is_default) print(empty_line(*line));
  return exit_done;
}

}  // namespace
}  // namespace sinfo

const CompatCommand sinfo_command{
    .name = "sinfo",
    .dialect = model::Dialect::slurm,
    .usage = "usage: sinfo [OPTIONS]\n\nList nodes: see muster-compat(1).\n",
    .run = sinfo::run_sinfo,
    .table = sinfo::table};

}  // namespace cli
