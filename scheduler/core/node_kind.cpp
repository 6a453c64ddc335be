#include "scheduler/core/node_kind.h"

#include <algorithm>

namespace scheduler {

NodeKind kind_of(const model::NodeInfo& info, const std::set<std::string>& bookings) {
  const auto& gpus = info.topology.gpus;
  const bool are_equal = std::ranges::all_of(
      gpus, [&](const model::Gpu& gpu) { return gpu.kind == gpus.front().kind; });
  return {.cores = static_cast<int>(info.topology.cores.size()),
          .gpus = static_cast<int>(gpus.size()),
          .memory = info.topology.memory,
          .pool = info.pool,
          .tier = info.tier,
          .gpu_kind = !gpus.empty() && are_equal ? gpus.front().kind : "",
          .features = info.features,
          .switches = info.switches,
          .bookings = {bookings.begin(), bookings.end()}};
}

bool has_chosen(const NodeKind& kind, const model::NodeChoice& choice) {
  if (!model::is_met(choice.constraint, kind.features)) return false;
  if (!model::may_use(choice.tiers, kind.tier)) return false;
  if (!choice.gpu_kind.empty() &&
      (kind.gpu_kind.empty() || !model::is_gpu_kind(choice.gpu_kind, kind.gpu_kind)))
    return false;
  return choice.booking.empty() || std::ranges::binary_search(kind.bookings, choice.booking);
}

bool is_chosen_name(const model::NodeChoice& choice, const std::string& name) {
  if (std::ranges::binary_search(choice.never, name)) return false;
  return choice.only.empty() || std::ranges::binary_search(choice.only, name);
}

}  // namespace scheduler
