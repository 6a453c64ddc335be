#pragma once
// The handwritten digits as numbers. A digit is held out by its place in the file alone, so that
// every rank, every run and every number of ranks sees the same split.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace digits {

constexpr std::size_t n_pixels = 64;
constexpr std::size_t n_classes = 10;

/// Images of 8 x 8 pixels in [0, 1] and the class each one shows.
struct Digits {
  std::vector<double> pixels;
  std::vector<std::uint8_t> classes;

  std::size_t size() const { return classes.size(); }
  std::span<const double, n_pixels> image(std::size_t i) const {
    return std::span<const double, n_pixels>(pixels.data() + i * n_pixels, n_pixels);
  }
};

struct Split {
  Digits train;
  Digits held_out;
};

/// Reads lines of 64 pixels (0 to 16) and a class (0 to 9), separated by commas.
///
/// errors    corrupt, with the line number
base::Result<Digits> parse_digits(std::string_view text);

/// The same from a file, plain or compressed by gzip.
///
/// errors    io when it cannot be read, corrupt when it is not such a file
base::Result<Digits> load_digits(const std::string& path);

/// Every fifth digit is held out from training.
Split hold_out_every_fifth(const Digits& digits);

}  // namespace digits
