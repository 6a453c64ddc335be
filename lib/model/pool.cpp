#include "lib/model/pool.h"

#include <array>
#include <utility>

namespace model {

namespace {

constexpr std::array<std::pair<NodeLife, std::string_view>, 9> lives{
    {{NodeLife::absent, "absent"},
     {NodeLife::wanted, "wanted"},
     {NodeLife::starting, "starting"},
     {NodeLife::preparing, "preparing"},
     {NodeLife::up, "up"},
     {NodeLife::draining, "draining"},
     {NodeLife::leaving, "leaving"},
     {NodeLife::unusable, "unusable"},
     {NodeLife::retired, "retired"}}};

constexpr std::array<std::pair<WhenBusy, std::string_view>, 3> ways{
    {{WhenBusy::wait, "wait"}, {WhenBusy::requeue, "requeue"}, {WhenBusy::terminate, "terminate"}}};

}  // namespace

std::string_view to_text(NodeLife life) {
  return lives[static_cast<std::size_t>(life)].second;
}

std::optional<NodeLife> node_life_from_text(std::string_view text) {
  for (const auto& [life, name] : lives) {
    if (name == text) return life;
  }
  return std::nullopt;
}

std::string_view to_text(WhenBusy when) {
  return ways[static_cast<std::size_t>(when)].second;
}

std::optional<WhenBusy> when_busy_from_text(std::string_view text) {
  for (const auto& [when, name] : ways) {
    if (name == text) return when;
  }
  return std::nullopt;
}

}  // namespace model
