#include "lib/model/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/check.h"

namespace model {

namespace {

constexpr std::array<std::pair<NodeState, std::string_view>, 13> node_state_names{
    {{NodeState::idle, "idle"},
     {NodeState::busy, "busy"},
     {NodeState::away, "away"},
     {NodeState::lost, "lost"},
     {NodeState::wanted, "wanted"},
     {NodeState::starting, "starting"},
     {NodeState::preparing, "preparing"},
     {NodeState::draining, "draining"},
     {NodeState::leaving, "leaving"},
     {NodeState::unusable, "unusable"},
     {NodeState::evicted, "evicted"},
     {NodeState::drained, "drained"},
     {NodeState::absent, "absent"}}};

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

base::Duration lost_time(const AttemptRecord& attempt) {
  const auto since = attempt.checkpoint_at.value_or(attempt.started_at);
  return std::max(attempt.ended_at - since, base::Duration());
}

}  // namespace model
