#include "scheduler/core/node_kind.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <utility>

#include "lib/model/booking.h"

namespace scheduler {

NodeKind kind_of(const model::NodeInfo& info, const std::set<std::string>& bookings,
                 std::optional<base::Time> stays_until) {
  const auto& gpus = info.topology.gpus;
  const bool are_equal = std::ranges::all_of(
      gpus, [&](const model::Gpu& gpu) { return gpu.kind == gpus.front().kind; });
  std::vector<std::string> shared;
  std::ranges::copy_if(bookings, std::back_inserter(shared),
                       [](const auto& name) { return !model::is_node_end(name); });
  return {.cores = static_cast<int>(info.topology.cores.size()),
          .gpus = static_cast<int>(gpus.size()),
          .memory = info.topology.memory,
          .pool = info.pool,
          .tier = info.tier,
          .gpu_kind = !gpus.empty() && are_equal ? gpus.front().kind : "",
          .features = info.features,
          .switches = info.switches,
          .bookings = std::move(shared),
          .stays_until = stays_until};
}

base::Duration end_grain(base::Duration life) {
  constexpr std::uint64_t most_steps = 32;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(std::max(life, base::Duration()));
  const auto step = static_cast<std::uint64_t>(seconds.count()) / most_steps;
  return std::chrono::seconds(std::bit_floor(std::max<std::uint64_t>(step, 1)));
}

base::Time coarse_end(base::Time joined, base::Time until) {
  const auto grain = end_grain(until - joined);
  const auto since_epoch = until.time_since_epoch();
  return base::Time(since_epoch - since_epoch % grain);
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
