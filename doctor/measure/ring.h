#pragma once
// What a rank does over its links to the next rank of the ring and from the one before.

#include <cstddef>
#include <cstdint>

#include "doctor/measure/link.h"

namespace doctor {

struct Speed {
  base::Duration latency{};
  std::uint64_t bytes_per_second = 0;
};

/// Measures the link to a rank that serves.
base::Result<Speed> measure(const Link& next);

/// Answers one message, or takes one stream, of a rank that measures.
base::Result<void> serve(const Link& before);

/// A rank's place in the ring.
struct Place {
  std::size_t index = 0;
  std::size_t n = 1;
};

struct Sum {
  base::Duration token{};  // once round the ring; of the first place only
  base::Duration took{};
  bool is_right = false;
};

/// Of numbers that are known, so that every rank knows the sums.
base::Result<Sum> sum_up(const Link& next, const Link& before, Place place);

constexpr std::size_t n_summed = std::size_t{1} << 19;  // 64-bit numbers

}  // namespace doctor
