#include "examples/digits/network.h"

#include <cmath>
#include <numeric>

#include "tests/support/catch.h"

namespace {

/// Two images that differ, of classes 3 and 7.
digits::Digits two_digits() {
  digits::Digits two;
  for (std::size_t i = 0; i < 2 * digits::n_pixels; ++i) {
    two.pixels.push_back(static_cast<double>(i * 7 % 17) / 16);
  }
  two.classes = {3, 7};
  return two;
}

constexpr std::array<std::uint32_t, 2> both{0, 1};

}  // namespace

TEST_CASE("the gradient agrees with finite differences in every parameter") {
  const digits::Shape shape{5};
  const auto two = two_digits();
  auto parameters = digits::first_parameters(shape, 11);
  std::vector<double> gradient(shape.n_parameters());
  digits::add_gradient(shape, parameters, two, both, gradient);

  const double step = 1e-5;
  std::vector<double> unused(shape.n_parameters());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double at = parameters[i];
    parameters[i] = at + step;
    const double above = digits::add_gradient(shape, parameters, two, both, unused);
    parameters[i] = at - step;
    const double below = digits::add_gradient(shape, parameters, two, both, unused);
    parameters[i] = at;
    INFO("parameter " << i);
    REQUIRE(gradient[i] == Approx((above - below) / (2 * step)).margin(1e-7));
  }
}

TEST_CASE("gradients add up over digits") {
  const digits::Shape shape{4};
  const auto two = two_digits();
  const auto parameters = digits::first_parameters(shape, 2);
  std::vector<double> together(shape.n_parameters());
  std::vector<double> apart(shape.n_parameters());
  const double loss = digits::add_gradient(shape, parameters, two, both, together);
  const auto ids = std::span(both);
  double sum = digits::add_gradient(shape, parameters, two, ids.first(1), apart);
  sum += digits::add_gradient(shape, parameters, two, ids.last(1), apart);
  CHECK(sum == Approx(loss));
  for (std::size_t i = 0; i < together.size(); ++i) {
    REQUIRE(apart[i] == Approx(together[i]).margin(1e-12));
  }
}

TEST_CASE("the same seed gives the same first weights, another seed others") {
  const digits::Shape shape{8};
  CHECK(digits::first_parameters(shape, 5) == digits::first_parameters(shape, 5));
  CHECK(digits::first_parameters(shape, 5) != digits::first_parameters(shape, 6));
}

TEST_CASE("following the gradient makes the network recognise what it has seen") {
  const digits::Shape shape{6};
  const auto two = two_digits();
  auto parameters = digits::first_parameters(shape, 4);
  for (int step = 0; step < 100; ++step) {
    std::vector<double> gradient(shape.n_parameters());
    digits::add_gradient(shape, parameters, two, both, gradient);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i] -= 0.1 * gradient[i];
    }
  }
  CHECK(digits::accuracy(shape, parameters, two) == 1.0);
}
