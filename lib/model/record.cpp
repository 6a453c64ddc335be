#include "lib/model/record.h"

#include <array>
#include <utility>

#include "lib/base/check.h"

namespace model {

namespace {

constexpr std::array<std::pair<NodeState, std::string_view>, 4> node_state_names{
    {{NodeState::idle, "idle"},
     {NodeState::busy, "busy"},
     {NodeState::away, "away"},
     {NodeState::lost, "lost"}}};

}  // namespace

std::string_view to_text(NodeState state) {
  for (const auto& [value, name] : node_state_names) {
    if (value == state) return name;
  }
  base::check(false, "every node state has a name");
  return {};
}

std::optional<NodeState> node_state_from_text(std::string_view text) {
  for (const auto& [value, name] : node_state_names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace model
