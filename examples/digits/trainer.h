#pragma once
// Stochastic gradient descent with momentum, data-parallel: every rank computes the gradient of its
// share of each batch, the sum goes to all, and all take the same step. Shares are cut from one
// global batch, so the result does not depend on the number of ranks (but for rounding).

#include <cstdint>
#include <vector>

#include "examples/digits/backend.h"
#include "examples/digits/epoch.h"

namespace digits {

/// All that training changes; what a checkpoint holds.
struct State {
  std::uint32_t epoch = 0;
  std::vector<double> parameters;
  std::vector<double> velocity;
};

State first_state(const Settings& settings);

/// Goes once through the training digits and counts the epoch.
///
/// returns   the mean loss
/// errors    invalid when training diverged; whatever the backend says
base::Result<double> train_epoch(const Settings& settings, const Digits& train, Share share,
                                 Backend& backend, State& state);

}  // namespace digits
