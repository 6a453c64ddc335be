#include "cli/request/shell_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "lib/base/text.h"
#include "lib/model/host_list.h"

namespace request {

namespace {

constexpr int most_cores = 1'000'000;

// Letters of ssh's options that have a value as a word of its own.
constexpr std::string_view with_value = "bcDeFIiLlmopRSW";

/// The count of the node at `place` in a list such as "4(x2),2".
std::optional<int> count_at(std::string_view counts, std::size_t place) {
  for (const auto part : base::split(counts, ',')) {
    const auto bracket = part.find("(x");
    const auto count = base::parse_int(part.substr(0, bracket), 1, most_cores);
    const auto times =
        bracket == std::string_view::npos || !part.ends_with(')')
            ? std::optional<std::int64_t>(1)
            : base::parse_int(part.substr(bracket + 2, part.size() - bracket - 3), 1, most_cores);
    if (!count || !times) return std::nullopt;
    if (place < static_cast<std::size_t>(*times)) return static_cast<int>(*count);
    place -= static_cast<std::size_t>(*times);
  }
  return std::nullopt;
}

}  // namespace

base::Result<ShellWords> read_shell_words(std::span<const std::string> words) {
  std::size_t at = 0;
  while (at < words.size() && words[at].starts_with('-')) {
    const bool has_value = words[at].size() == 2 && with_value.contains(words[at][1]);
    at += has_value ? 2 : 1;
  }
  if (at + 1 >= words.size()) {
    return base::fail(base::Code::invalid,
                      "expected a node of the job and a command for it: muster-rsh NODE COMMAND");
  }
  const std::vector<std::string> command(words.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                         words.end());
  return ShellWords{.node = words[at], .command = base::join(command, " ")};
}

base::Result<int> cores_of_node(std::string_view node, std::string_view nodes,
                                std::string_view cores) {
  if (nodes.empty() || cores.empty()) {
    return base::fail(base::Code::invalid,
                      "is for scripts of jobs of Muster: MUSTER_NODELIST and "
                      "MUSTER_JOB_CPUS_PER_NODE are not in the environment");
  }
  const auto names = model::expand_hosts(nodes);
  if (!names) return std::unexpected(names.error().in("MUSTER_NODELIST"));
  const auto found = std::ranges::find(*names, node);
  if (found == names->end()) {
    return base::fail(base::Code::invalid, fmt::format("the job has no node '{}'; it has {}",
                                                       base::printable(node), nodes));
  }
  const auto count = count_at(cores, static_cast<std::size_t>(found - names->begin()));
  if (!count) {
    return base::fail(base::Code::invalid,
                      fmt::format("MUSTER_JOB_CPUS_PER_NODE: expected counts for {}, such as "
                                  "4(x2),2, found '{}'",
                                  nodes, base::printable(cores)));
  }
  return *count;
}

}  // namespace request
