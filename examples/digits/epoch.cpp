#include "examples/digits/epoch.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "lib/base/random.h"

namespace digits {
namespace {

/// Blind guessing costs ln 10 = 2.3; far above it, or no number at all, no later epoch repairs the
/// weights.
constexpr double hopeless_loss = 50;

}  // namespace

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

base::Result<void> check_loss(const Settings& settings, std::uint32_t epoch, double mean) {
  if (mean < hopeless_loss) {
    return {};
  }
  return base::fail(base::Code::invalid,
                    fmt::format("the loss after epoch {} is {:.3g}: training diverged, try a "
                                "smaller --learning-rate than {}",
                                epoch, mean, settings.learning_rate));
}

}  // namespace digits
