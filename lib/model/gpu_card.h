#pragma once
// What cards can do, as their maker says, and what of it a card that is well reaches at least.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/model/gpu_check.h"

namespace model {

/// In each direction, in bytes and operations per second.
struct GpuCard {
  double memory = 0;
  double bus = 0;
  double flops = 0;  // in single precision, without tensor cores
};

/// nullopt for a card that is not in the table.
std::optional<GpuCard> card_of(std::string_view name);

/// One of its rates that is below the expected one.
struct GpuShortfall {
  std::string what;  // "copies to the GPU"
  double found = 0;
  double expected = 0;
  std::string unit;
};

/// Rates of a measured GPU below this part of what its card can do; none of an unknown card.
std::vector<GpuShortfall> below_card(const GpuCheck& gpu, double part);

/// What of it is wrong, which no GPU that is well ever is; empty: nothing.
std::vector<std::string> faults_of(const GpuCheck& gpu);

}  // namespace model
