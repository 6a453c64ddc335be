#include "examples/digits/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lib/base/random.h"

namespace digits {
namespace {

constexpr double momentum = 0.9;

/// Blind guessing costs ln 10 = 2.3; far above it, or no number at all, no later epoch repairs the
/// weights.
constexpr double hopeless_loss = 50;

void take_step(double rate, std::span<const double> gradient, State& state) {
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    state.velocity[i] = momentum * state.velocity[i] - rate * gradient[i];
    state.parameters[i] += state.velocity[i];
  }
}

}  // namespace

State first_state(const Settings& settings) {
  State state;
  state.parameters = first_parameters(settings.shape(), settings.seed);
  state.velocity.assign(state.parameters.size(), 0.0);
  return state;
}

std::vector<std::uint32_t> epoch_order(std::size_t n_digits, std::uint64_t seed,
                                       std::uint32_t epoch) {
  std::vector<std::uint32_t> order(n_digits);
  std::iota(order.begin(), order.end(), 0U);
  base::Random random(base::Random(seed).next() + epoch);
  for (std::size_t left = n_digits; left > 1; --left) {
    const std::uint64_t pick = random.below(left);
    std::swap(order[left - 1], order[pick]);
  }
  return order;
}

std::span<const std::uint32_t> share_of(std::span<const std::uint32_t> batch, Share share) {
  const std::size_t from = batch.size() * share.rank / share.n_ranks;
  const std::size_t to = batch.size() * (share.rank + 1) / share.n_ranks;
  return batch.subspan(from, to - from);
}

base::Result<double> train_epoch(const Settings& settings, const Digits& train, Share share,
                                 Backend& backend, State& state) {
  const auto order = epoch_order(train.size(), settings.seed, state.epoch);
  std::vector<double> gradient(state.parameters.size());
  double loss = 0;
  for (std::size_t at = 0; at < order.size(); at += settings.batch) {
    const auto size = std::min<std::size_t>(settings.batch, order.size() - at);
    const auto batch = std::span(order).subspan(at, size);
    const auto batch_loss =
        backend.sum_gradient(state.parameters, share_of(batch, share), gradient);
    if (!batch_loss) {
      return batch_loss;
    }
    loss += *batch_loss;
    take_step(settings.learning_rate / static_cast<double>(size), gradient, state);
  }
  ++state.epoch;
  const double mean = loss / static_cast<double>(train.size());
  if (!(mean < hopeless_loss)) {
    return base::fail(base::Code::invalid,
                      fmt::format("the loss after epoch {} is {:.3g}: training diverged, try a "
                                  "smaller --learning-rate than {}",
                                  state.epoch, mean, settings.learning_rate));
  }
  return mean;
}

}  // namespace digits
