#include "examples/digits/trainer.h"

#include <algorithm>
#include <limits>

#include "tests/support/catch.h"

namespace {

/// All ranks in one process: computes what each share contributes, as the reduction would sum it.
class WholeWorld final : public digits::Backend {
 public:
  WholeWorld(digits::Shape shape, const digits::Digits& train, std::size_t n_ranks)
      : shape_(shape), train_(train), n_ranks_(n_ranks) {}

  base::Result<double> sum_gradient(std::span<const double> parameters,
                                    std::span<const std::uint32_t> which,
                                    std::span<double> gradient) override {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double loss = 0;
    for (std::size_t rank = 0; rank < n_ranks_; ++rank) {
      std::vector<double> part(gradient.size());
      loss +=
          digits::add_gradient(shape_, parameters, train_,
                               digits::share_of(which, {.rank = rank, .n_ranks = n_ranks_}), part);
      for (std::size_t i = 0; i < part.size(); ++i) {
        gradient[i] += part[i];
      }
    }
    return loss;
  }

 private:
  digits::Shape shape_;
  const digits::Digits& train_;
  std::size_t n_ranks_;
};

/// Always the same loss and no gradient.
class Constant final : public digits::Backend {
 public:
  explicit Constant(double loss) : loss_(loss) {}
  base::Result<double> sum_gradient(std::span<const double>, std::span<const std::uint32_t>,
                                    std::span<double>) override {
    return loss_;
  }

 private:
  double loss_;
};

digits::Digits some_digits(std::size_t count) {
  digits::Digits some;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t p = 0; p < digits::n_pixels; ++p) {
      some.pixels.push_back(p % 10 == i % 10 ? 1.0 : 0.0);
    }
    some.classes.push_back(static_cast<std::uint8_t>(i % 10));
  }
  return some;
}

digits::State trained(std::size_t n_ranks) {
  const digits::Settings few_epochs{.epochs = 3, .batch = 7, .hidden = 4};
  const auto train = some_digits(50);
  auto state = digits::first_state(few_epochs);
  WholeWorld backend(few_epochs.shape(), train, n_ranks);
  while (state.epoch < few_epochs.epochs) {
    REQUIRE(digits::train_epoch(few_epochs, train, {.rank = 0, .n_ranks = 1}, backend, state));
  }
  return state;
}

}  // namespace

TEST_CASE("the number of ranks does not change the result") {
  const auto alone = trained(1);
  const auto many = trained(5);
  for (std::size_t i = 0; i < alone.parameters.size(); ++i) {
    REQUIRE(many.parameters[i] == Approx(alone.parameters[i]).margin(1e-12));
  }
}

TEST_CASE("training that diverged is an error that says what to do") {
  const auto train = some_digits(10);
  for (const double loss : {1e9, std::numeric_limits<double>::quiet_NaN()}) {
    auto state = digits::first_state({});
    Constant backend(loss);
    const auto epoch = digits::train_epoch({}, train, {.rank = 0, .n_ranks = 1}, backend, state);
    REQUIRE(!epoch);
    CHECK_THAT(epoch.error().text, Catch::Contains("smaller --learning-rate"));
  }
}
