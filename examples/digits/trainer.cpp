#include "examples/digits/trainer.h"

#include <algorithm>

namespace digits {
namespace {

constexpr double momentum = 0.9;

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
  if (auto hopeful = check_loss(settings, state.epoch, mean); !hopeful) {
    return std::unexpected(hopeful.error());
  }
  return mean;
}

}  // namespace digits
