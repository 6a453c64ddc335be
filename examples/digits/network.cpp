#include "examples/digits/network.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/random.h"

namespace digits {
namespace {

using Scores = std::array<double, n_classes>;

/// What one digit left in the layers on its way through; backwards, `scores` is the error of each
/// class.
struct Activity {
  std::vector<double> hidden;
  Scores scores;
};

/// Uniform in [-1, 1), from the upper 53 bits of one draw.
double draw(base::Random& random) {
  const std::uint64_t bits = random.next() >> 11;
  return static_cast<double>(bits) * 0x1p-52 - 1.0;
}

void forward(Shape shape, std::span<const double> parameters,
             std::span<const double, n_pixels> image, Activity& activity) {
  activity.hidden.resize(shape.hidden);
  for (std::size_t h = 0; h < shape.hidden; ++h) {
    const double* weight = parameters.data() + h * n_pixels;
    double sum = parameters[shape.hidden_bias() + h];
    for (std::size_t p = 0; p < n_pixels; ++p) {
      sum += weight[p] * image[p];
    }
    activity.hidden[h] = std::tanh(sum);
  }
  for (std::size_t c = 0; c < n_classes; ++c) {
    const double* weight = parameters.data() + shape.output_weight() + c * shape.hidden;
    double sum = parameters[shape.output_bias() + c];
    for (std::size_t h = 0; h < shape.hidden; ++h) {
      sum += weight[h] * activity.hidden[h];
    }
    activity.scores[c] = sum;
  }
}

/// Scores become probabilities; the largest is taken off first so that exp() never overflows.
void softmax(Scores& scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) {
    score = std::exp(score - largest);
    sum += score;
  }
  for (double& score : scores) {
    score /= sum;
  }
}

/// Adds one digit's gradient; `activity.scores` is the derivative of its loss by the class scores.
void add_backward(Shape shape, std::span<const double> parameters,
                  std::span<const double, n_pixels> image, const Activity& activity,
                  std::span<double> gradient) {
  const auto& [hidden, error] = activity;
  for (std::size_t c = 0; c < n_classes; ++c) {
    gradient[shape.output_bias() + c] += error[c];
    double* into = gradient.data() + shape.output_weight() + c * shape.hidden;
    for (std::size_t h = 0; h < shape.hidden; ++h) {
      into[h] += error[c] * hidden[h];
    }
  }
  for (std::size_t h = 0; h < shape.hidden; ++h) {
    double back = 0;
    for (std::size_t c = 0; c < n_classes; ++c) {
      back += error[c] * parameters[shape.output_weight() + c * shape.hidden + h];
    }
    back *= 1 - hidden[h] * hidden[h];
    gradient[shape.hidden_bias() + h] += back;
    double* into = gradient.data() + h * n_pixels;
    for (std::size_t p = 0; p < n_pixels; ++p) {
      into[p] += back * image[p];
    }
  }
}

}  // namespace

std::vector<double> first_parameters(Shape shape, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<double> parameters(shape.n_parameters(), 0.0);
  const auto fill = [&](std::size_t from, std::size_t to, std::size_t n_in, std::size_t n_out) {
    const double scale = std::sqrt(6.0 / static_cast<double>(n_in + n_out));
    for (std::size_t i = from; i < to; ++i) {
      parameters[i] = scale * draw(random);
    }
  };
  fill(0, shape.hidden_bias(), n_pixels, shape.hidden);
  fill(shape.output_weight(), shape.output_bias(), shape.hidden, n_classes);
  return parameters;
}

double add_gradient(Shape shape, std::span<const double> parameters, const Digits& digits,
                    std::span<const std::uint32_t> which, std::span<double> gradient) {
  Activity activity;
  double loss = 0;
  for (const std::uint32_t i : which) {
    const auto image = digits.image(i);
    forward(shape, parameters, image, activity);
    softmax(activity.scores);
    double& of_truth = activity.scores[digits.classes[i]];
    loss -= std::log(std::max(of_truth, 1e-300));
    of_truth -= 1;
    add_backward(shape, parameters, image, activity, gradient);
  }
  return loss;
}

double accuracy(Shape shape, std::span<const double> parameters, const Digits& digits) {
  Activity activity;
  std::size_t n_right = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    forward(shape, parameters, digits.image(i), activity);
    const Scores& scores = activity.scores;
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    n_right += best == digits.classes[i] ? 1 : 0;
  }
  return static_cast<double>(n_right) / static_cast<double>(digits.size());
}

}  // namespace digits
