// init and node: hand over to muster-authority, which has OpenSSL inside.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api.h"
#include "cli/cluster.h"
#include "cli/node_state.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"
#include "lib/model/node.h"
#include "lib/wire/api.h"

namespace cli {

namespace {

constexpr std::array node_table{help_option};

Outcome hand_over(std::string verb, const options::Parsed& line) {
  auto program = program_beside("muster-authority");
  if (!program) return refuse(program.error());
  auto paths = state_directory({});
  if (!paths) return std::unexpected(paths.error());
  auto words = line.rest;
  std::vector<char*> arguments{program->data(), paths->dir.data(), verb.data()};
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(program->c_str(), arguments.data());
  return refuse(base::fail_errno(errno, fmt::format("cannot start '{}'", *program)).error());
}

Outcome init(const options::Parsed& line) {
  return hand_over("init", line);
}

enum NodeId { notice_id };

constexpr std::array evict_table{
    options::Option{notice_id, "notice", 0, "TIME",
                    "When the node goes: 30s, 2m. Left out: 30s; 0s: at once."},
    dir_option, help_option};

constexpr std::string_view evict_usage =
    "usage: muster node evict [--notice TIME] NAME\n\n"
    "Do as if a node were taken: see muster-node(1).\n\n"
    "Options:\n";

constexpr base::Duration default_notice = std::chrono::seconds(30);

/// The node does as if it were taken.
Outcome evict(std::span<const std::string> words) {
  const auto parsed = parse_one_node("evict", words, evict_table, evict_usage);
  if (!parsed) return std::unexpected(parsed.error());
  if (!*parsed) return exit_done;
  const auto& line = *parsed;
  model::NodeOrder order{.names = line->rest, .notice = default_notice};
  if (const auto* given = options::find(*line, notice_id)) {
    const auto time = base::parse_duration(given->value);
    if (!time) return misuse(time.error().in(given->written).text);
    order.notice = *time;
  }
  const auto api = Api::of(*line);
  if (!api) return std::unexpected(api.error());
  const auto done = api->post("/v1/nodes/evict", wire::to_json(order));
  if (!done) return std::unexpected(done.error());
  return exit_done;
}

Outcome node(const options::Parsed& line) {
  if (!line.rest.empty() && line.rest.front() == "show")
    return show_node(std::span(line.rest).subspan(1));
  if (!line.rest.empty() && line.rest.front() == "check")
    return check_node(std::span(line.rest).subspan(1));
  if (!line.rest.empty() && line.rest.front() == "evict")
    return evict(std::span(line.rest).subspan(1));
  return hand_over("node", line);
}

}  // namespace

constinit const Verb init_verb{
    "init",
    "[OPTIONS]",
    "Make the state directory of a cluster of machines.",
    "Writes muster.toml, the cluster's own authority and the certificate of the controller. "
    "Machines are added with muster node; musterd serves them. For a cluster of this machine "
    "alone, muster up needs nothing of it.",
    [] { return std::span<const options::Option>(node_table); },
    options::Operands::all,
    init};

constinit const Verb node_verb{
    "node",
    "add [OPTIONS] NAME\nremove [OPTIONS] NAME\nlist [OPTIONS]\njoin [OPTIONS] TOKEN\n"
    "evict [--notice TIME] NAME\nshow [--log] [--json] NAME\ncheck [--setup] NAME",
    "Say which machines may be nodes of the cluster, or join one.",
    "add prints the one line to run on a machine that is to join under this name: with the token "
    "in "
    "it the machine makes a key of its own and gets a certificate. remove revokes its "
    "certificates. "
    "Only who may read the cluster's authority can do either.\n"
    "evict does as if the machine were taken in TIME (30s): its jobs get their save signal, end on "
    "all "
    "their nodes and start again, which uses up no restarts; then the node goes, and one of a pool "
    "without a provider takes work again. For root and the owner of the cluster.\n"
    "show says how a node is: whether it is fit for work, why not, and which jobs failed there. "
    "check has it looked at now.",
    [] { return std::span<const options::Option>(node_table); },
    options::Operands::all,
    node};

}  // namespace cli
