// pbsnodes: the nodes, as PBS lists them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/compat/command.h"
#include "cli/compat/job_source.h"
#include "cli/compat/node_fields.h"
#include "cli/compat/pbs_format.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/model/node.h"
#include "lib/wire/api.h"

namespace cli {

namespace pbsnodes {
namespace {

using model::NodeRecord;

enum NodesId { all_id, table_id, list_id, offline_id, resume_id, comment_id, jobs_id };

constexpr std::array table = std::to_array<options::Option>({
    {all_id, "all", 'a', "", "All nodes."},
    {table_id, "table", 'S', "", "A line for each."},
    {list_id, "list", 'l', "", "Nodes that take no work, and why."},
    {offline_id, "offline", 'o', "", "Take no new work on these nodes."},
    {resume_id, "resume", 'r', "", "Take work on these nodes again."},
    {comment_id, "comment", 'C', "TEXT", "Why, with -o."},
    {jobs_id, "jobs", 'j', "", "Accepted."},
    {jobs_id, "vnodes", 'v', "", "Accepted."},
});

Outcome change(const Api& api, const options::Parsed& line) {
  if (line.rest.empty()) return refuse("expected the names of nodes");
  model::NodeOrder order{.names = line.rest};
  if (const auto* given = options::find(line, comment_id)) order.reason = given->value;
  const bool is_drain = options::has(line, offline_id);
  const auto done =
      api.post(is_drain ? "/v1/nodes/drain" : "/v1/nodes/resume", wire::to_json(order));
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

Outcome print_nodes(const std::vector<NodeRecord>& nodes, const options::Parsed& line) {
  const bool is_table = options::has(line, table_id);
  if (is_table) print(compat::pbsnodes_heading());
  for (const auto& node : nodes) {
    const auto reason = compat::node_reason(node);
    if (options::has(line, list_id)) {
      if (reason != "none") print(fmt::format("{:<20} {}\n", node.info.name, reason));
    } else {
      print(is_table ? compat::pbsnodes_line(node) : compat::pbsnodes_block(node));
    }
  }
  return exit_done;
}

Outcome run_pbsnodes(std::span<const std::string> words) {
  const auto line = options::parse(table, words, options::Operands::anywhere);
  if (!line) return refuse(line.error());
  const auto api = api_here();
  if (!api) return std::unexpected(api.error());
  if (options::has(*line, offline_id) || options::has(*line, resume_id)) return change(*api, *line);
  auto nodes = list_nodes(*api);
  if (!nodes) return std::unexpected(nodes.error());
  const auto& names = line->rest;
  if (names.empty()) return print_nodes(*nodes, *line);
  int exit_code = exit_done;
  for (const auto& name : names) {
    if (std::ranges::any_of(*nodes, [&](const NodeRecord& node) { return node.info.name == name; }))
      continue;
    print_error(fmt::format("Node: {},  Error: Unknown node\n", base::printable(name)));
    exit_code = exit_refused;
  }
  std::erase_if(*nodes, [&](const NodeRecord& node) {
    return std::ranges::find(names, node.info.name) == names.end();
  });
  (void)print_nodes(*nodes, *line);
  return exit_code;
}

}  // namespace
}  // namespace pbsnodes

const CompatCommand pbsnodes_command{
    .name = "pbsnodes",
    .dialect = model::Dialect::pbs,
    .usage = "usage: pbsnodes [OPTIONS] [NODE...]\n\nList nodes: see muster-compat(1).\n",
    .run = pbsnodes::run_pbsnodes,
    .table = pbsnodes::table};

}  // namespace cli
