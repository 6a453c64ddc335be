#include "cli/node_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/node.h"
#include "cli/terminal.h"
#include "lib/base/text.h"
#include "lib/model/node.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum NodeStateId { log_id, setup_id };

constexpr std::array node_show_table{
    options::Option{log_id, "log", 0, "",
                    "Print the end of what its setup and its checks printed. For root and the "
                    "owner of the cluster."},
    json_option, dir_option, help_option};

constexpr std::array check_table{
    options::Option{setup_id, "setup", 0, "", "Run the setup of its pool first."}, dir_option,
    help_option};

constexpr std::string_view show_usage =
    "usage: muster node show [--log] [--json] NAME\n\n"
    "Show how a node is: see muster-node(1).\n\n"
    "Options:\n";
constexpr std::string_view check_usage =
    "usage: muster node check [--setup] NAME\n\n"
    "Look now whether a node is fit for work: see muster-node(1).\n\n"
    "Options:\n";

Try<model::NodeRecord> find_node(const Api& api, const std::string& name) {
  const auto body = api.get("/v1/nodes");
  if (!body) return std::unexpected(body.error());
  const auto nodes = wire::nodes_from_json(*body);
  if (!nodes) return refuse(nodes.error());
  const auto found = std::ranges::find(
      *nodes, name, [](const auto& node) -> const std::string& { return node.info.name; });
  if (found != nodes->end()) return *found;
  std::vector<std::string> names;
  for (const auto& node : *nodes) names.push_back(node.info.name);
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = base::nearest(name, views);
  return refuse(fmt::format("there is no node '{}'{}; see muster nodes", base::printable(name),
                            near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

Outcome print_json(const model::NodeRecord& node) {
  const auto json = render::pretty(wire::to_json(std::span(&node, 1)));
  if (!json) return refuse(json.error());
  print(*json);
  return exit_done;
}

}  // namespace

Try<std::optional<options::Parsed>> parse_one_node(std::string_view verb,
                                                   std::span<const std::string> words,
                                                   std::span<const options::Option> table,
                                                   std::string_view usage) {
  auto line = options::parse(table, words, options::Operands::anywhere);
  if (!line) return misuse(line.error().text);
  if (options::has(*line, help_id)) {
    print(std::string(usage) + options::help_text(table, help_width));
    return std::nullopt;
  }
  if (line->rest.size() != 1)
    return misuse(fmt::format("node {}: expected the name of one node", verb));
  return *std::move(line);
}

Outcome show_node(std::span<const std::string> words) {
  const auto parsed = parse_one_node("show", words, node_show_table, show_usage);
  if (!parsed) return std::unexpected(parsed.error());
  if (!*parsed) return exit_done;
  const auto& line = *parsed;
  const auto& name = line->rest.front();
  const auto api = Api::of(*line);
  if (!api) return std::unexpected(api.error());
  const auto node = find_node(*api, name);
  if (!node) return std::unexpected(node.error());
  if (options::has(*line, log_id)) {
    const auto log = api->get("/v1/nodes/log?node=" + name);
    if (!log) return std::unexpected(log.error());
    print(*log);
    return exit_done;
  }
  if (options::has(*line, json_id)) return print_json(*node);
  print(render::node_block(*node, view()));
  return exit_done;
}

Outcome check_node(std::span<const std::string> words) {
  const auto parsed = parse_one_node("check", words, check_table, check_usage);
  if (!parsed) return std::unexpected(parsed.error());
  if (!*parsed) return exit_done;
  const auto& line = *parsed;
  const auto& name = line->rest.front();
  const model::NodeOrder order{.names = {name}, .setup = options::has(*line, setup_id)};
  const auto api = Api::of(*line);
  if (!api) return std::unexpected(api.error());
  const auto body = api->post_slowly("/v1/nodes/check", wire::to_json(order));
  if (!body) return std::unexpected(body.error());
  const auto condition = wire::condition_from_json(*body);
  if (!condition) return refuse(condition.error());
  const bool is_ready = condition->fitness == model::Fitness::ready;
  print(is_ready ? fmt::format("node {} is fit for work\n", name)
                 : model::describe(name, *condition) + "\n" + render::output_block(*condition));
  for (const auto& failing : condition->gpus)
    print(fmt::format("{}: {}\n", name, model::describe(failing)));
  return is_ready && condition->gpus.empty() ? exit_done : exit_refused;
}

}  // namespace cli
