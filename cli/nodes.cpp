// nodes: the nodes of the cluster.

#include <fmt/format.h>

#include <array>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/records.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum NodesId { features_id };

constexpr std::array nodes_table{
    options::Option{features_id, "features", 0, "",
                    "List features, kinds of GPU, switches and bookings of the nodes."},
    json_option, dir_option, help_option};

Outcome nodes(const options::Parsed& line) {
  if (!line.rest.empty()) return misuse(fmt::format("expected no '{}'", line.rest.front()));
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  return print_answer(line, api->get("/v1/nodes"), wire::nodes_from_json, [&](const auto& list) {
    return options::has(line, features_id) ? render::feature_table(list, view())
                                           : render::node_table(list, view());
  });
}

}  // namespace

constinit const Verb nodes_verb{
    "nodes",
    "[OPTIONS]",
    "List nodes.",
    "Cores, GPUs and memory are shown as used/all; idle nodes have no job, away ones no contact.",
    [] { return std::span<const options::Option>(nodes_table); },
    options::Operands::anywhere,
    nodes};

}  // namespace cli
