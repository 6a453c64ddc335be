#pragma once
// A neural network with one hidden layer: 64 pixels -> hidden (tanh) -> 10 classes (softmax). Its
// parameters are one flat list, so that summing gradients over ranks, moving them to a GPU and
// saving them is one copy.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "examples/digits/data.h"

namespace digits {

/// Where each part stands in the flat list: hidden weights, hidden biases, output weights, output
/// biases.
struct Shape {
  std::size_t hidden;

  std::size_t hidden_bias() const { return hidden * n_pixels; }
  std::size_t output_weight() const { return hidden_bias() + hidden; }
  std::size_t output_bias() const { return output_weight() + n_classes * hidden; }
  std::size_t n_parameters() const { return output_bias() + n_classes; }
};

/// Small random weights (Glorot and Bengio 2010), zero biases; the same for the same seed
/// everywhere.
std::vector<double> first_parameters(Shape shape, std::uint64_t seed);

/// Adds up loss (cross-entropy) and gradient over some digits.
///
/// which     indices into `digits`
/// gradient  n_parameters() sums, which are added to
/// returns   the sum of the losses
/// source    back-propagation; checked against finite differences by its test
double add_gradient(Shape shape, std::span<const double> parameters, const Digits& digits,
                    std::span<const std::uint32_t> which, std::span<double> gradient);

/// The share of digits whose most probable class is the true one.
double accuracy(Shape shape, std::span<const double> parameters, const Digits& digits);

}  // namespace digits
