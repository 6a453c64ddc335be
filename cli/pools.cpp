// pools: the pools of the cluster, their sizes, and why they have these.

#include <fmt/format.h>

#include <array>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/render/pools.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

enum PoolsId { why_id };

constexpr std::array pools_table{
    options::Option{why_id, "why", 0, "",
                    "List the last decisions about nodes, each with its cause."},
    json_option, dir_option, help_option};

Outcome pools(const options::Parsed& line) {
  if (!line.rest.empty())
    return misuse(
        fmt::format("expected no '{}'; all pools are listed", base::printable(line.rest.front())));
  const auto api = Api::of(line);
  if (!api) return std::unexpected(api.error());
  return print_answer(line, api->get("/v1/pools"), wire::pools_from_json, [&](const auto& list) {
    return options::has(line, why_id) ? render::decision_table(list, view())
                                      : render::pool_table(list, view());
  });
}

}  // namespace

constinit const Verb pools_verb{
    "pools",
    "[OPTIONS]",
    "List pools that have a size.",
    "For each pool: the bounds of its SIZE (with a star if they were set by muster pool), how many "
    "nodes are to be there (WANTED), and how many of its nodes are idle, busy, starting, leaving "
    "and unusable, and their TIER. Below it, what keeps a pool from getting nodes. Machines that "
    "join by "
    "themselves "
    "(provider \"static\" in muster.toml) are in muster nodes only.",
    [] { return std::span<const options::Option>(pools_table); },
    options::Operands::anywhere,
    pools};

}  // namespace cli
