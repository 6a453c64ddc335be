// drain: keeps new work from nodes.

#include <array>

#include "cli/api.h"
#include "cli/request/node_values.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/model/node.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum DrainId { reason_id, for_id };

constexpr std::array drain_table{
    options::Option{reason_id, "reason", 'r', "TEXT", "Why, for muster nodes."},
    options::Option{for_id, "for", 0, "TIME",
                    "Let them take work again after so long: 30m, 2h. Left out: when they are "
                    "resumed."},
    dir_option, help_option};

Outcome drain(const options::Parsed& line) {
  if (line.rest.empty()) return misuse("expected nodes, such as n1 or n[2-4]");
  auto names = request::node_names_from_text(base::join(line.rest, ","));
  if (!names) return misuse(names.error().text);
  model::NodeOrder order{.names = *std::move(names)};
  if (const auto* given = options::find(line, reason_id)) order.reason = given->value;
  if (const auto* given = options::find(line, for_id)) {
    const auto time = base::parse_duration(given->value);
    if (!time) return misuse(time.error().in(given->written).text);
    order.duration = *time;
  }
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  const auto done = api->post("/v1/nodes/drain", wire::to_json(order));
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

}  // namespace

constinit const Verb drain_verb{
    "drain",
    "[OPTIONS] NODE...",
    "Keep new work from nodes.",
    "What runs there runs on. That stands over starts of musterd and of agents, until muster "
    "resume "
    "or the time of --for. A pool makes other nodes in their place, up to its most. muster nodes "
    "says "
    "who drained a node and why. For root and the owner of the cluster.",
    [] { return std::span<const options::Option>(drain_table); },
    options::Operands::anywhere,
    drain};

}  // namespace cli
