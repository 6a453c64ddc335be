#pragma once
// In which order the links of a ring are measured.

#include <cstddef>
#include <vector>

namespace doctor {

/// Hop i goes from place i to the next. In a round, no place sends and receives, and none does
/// either for two hops.
std::vector<std::vector<std::size_t>> rounds_of(std::size_t n_hops);

}  // namespace doctor
