#pragma once
// One time through the training digits: their order, whose each one is, and whether it went well.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "examples/digits/settings.h"

namespace digits {

/// Which part of the digits is this rank's.
struct Share {
  std::size_t rank;
  std::size_t n_ranks;
};

/// The order of the training digits in one epoch: a permutation fixed by seed and epoch.
std::vector<std::uint32_t> epoch_order(std::size_t n_digits, std::uint64_t seed,
                                       std::uint32_t epoch);

/// The part of `batch` that belongs to a rank; the parts of all ranks are disjoint and cover it.
std::span<const std::uint32_t> share_of(std::span<const std::uint32_t> batch, Share share);

/// errors    invalid when the mean loss after an epoch says that training diverged
base::Result<void> check_loss(const Settings& settings, std::uint32_t epoch, double mean);

}  // namespace digits
