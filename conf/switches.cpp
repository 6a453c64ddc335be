#include "conf/switches.h"

#include <fmt/format.h>

#include <algorithm>

#include "conf/change.h"

namespace conf {

namespace {

const Switch* above(const std::vector<Switch>& switches, const std::string& name) {
  for (const auto& each : switches) {
    if (std::ranges::find(each.switches, name) != each.switches.end()) return &each;
  }
  return nullptr;
}

bool is_below_itself(const std::vector<Switch>& switches, const std::string& name) {
  const auto* at = above(switches, name);
  for (std::size_t i = 0; at != nullptr && i < switches.size(); ++i) {
    if (at->name == name) return true;
    at = above(switches, at->name);
  }
  return false;
}

}  // namespace

std::vector<std::pair<std::size_t, std::string>> switch_problems(
    const std::vector<Switch>& switches) {
  std::vector<std::pair<std::size_t, std::string>> problems;
  std::map<std::string, std::string> holders;  // of nodes and switches
  std::vector<std::string_view> known;
  for (const auto& each : switches) known.push_back(each.name);
  for (std::size_t i = 0; i < switches.size(); ++i) {
    const auto& [name, nodes, below] = switches[i];
    const auto hold = [&](const std::string& what, std::string_view kind) {
      const auto [holder, is_first] = holders.emplace(fmt::format("{} {}", kind, what), name);
      if (is_first) return;
      problems.emplace_back(
          i,
          fmt::format("{} '{}' is below switch '{}' and below '{}'; expected one switch above it",
                      kind, what, holder->second, name));
    };
    for (const auto& node : nodes) hold(node, "node");
    for (const auto& each : below) {
      hold(each, "switch");
      if (std::ranges::find(known, each) == known.end()) {
        problems.emplace_back(i, fmt::format("'switch.switches': there is no switch '{}'{}", each,
                                             nearest_text(each, known)));
      }
    }
    if (nodes.empty() && below.empty()) {
      problems.emplace_back(
          i, fmt::format("switch '{}' has nothing below it; expected nodes or switches", name));
    }
    if (is_below_itself(switches, name))
      problems.emplace_back(i, fmt::format("switch '{}' is below itself", name));
  }
  return problems;
}

std::vector<std::string> switch_path(const std::vector<Switch>& switches, const std::string& name) {
  std::vector<std::string> path{name};
  for (const auto* at = above(switches, name); at != nullptr; at = above(switches, at->name))
    path.insert(path.begin(), at->name);
  return path;
}

}  // namespace conf
