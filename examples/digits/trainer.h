#pragma once
// Stochastic gradient descent with momentum, data-parallel: every rank computes the gradient of its
// share of each batch, the sum goes to all, and all take the same step. Shares are cut from one
// global batch, so the result does not depend on the number of ranks (but for rounding).

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "examples/digits/backend.h"

namespace digits {

struct Settings {
  std::uint32_t epochs = 30;
  std::uint32_t batch = 64;
  std::uint32_t hidden = 64;
  double learning_rate = 0.05;
  std::uint64_t seed = 1;

  Shape shape() const { return Shape{hidden}; }
};

/// All that training changes; what a checkpoint holds.
struct State {
  std::uint32_t epoch = 0;
  std::vector<double> parameters;
  std::vector<double> velocity;
};

/// Which part of each batch is this rank's.
struct Share {
  std::size_t rank;
  std::size_t n_ranks;
};

State first_state(const Settings& settings);

/// The order of the training digits in one epoch: a permutation fixed by seed and epoch.
std::vector<std::uint32_t> epoch_order(std::size_t n_digits, std::uint64_t seed,
                                       std::uint32_t epoch);

/// The part of `batch` that belongs to a rank; the parts of all ranks are disjoint and cover it.
std::span<const std::uint32_t> share_of(std::span<const std::uint32_t> batch, Share share);

/// Goes once through the training digits and counts the epoch.
///
/// returns   the mean loss
/// errors    invalid when training diverged; whatever the backend says
base::Result<double> train_epoch(const Settings& settings, const Digits& train, Share share,
                                 Backend& backend, State& state);

}  // namespace digits
