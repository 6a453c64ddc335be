#pragma once
// One run of a whole cluster from a seed: a time of work and faults, then a time without faults in
// which everything must end.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sim/truth.h"

namespace sim {

struct Result {
  std::optional<Violation> violation;
  std::size_t n_jobs = 0;
  std::size_t n_launches = 0;
  std::size_t n_faults = 0;
  std::size_t n_made = 0;  // nodes, by the provider
};

/// The same seed gives the same run. With a pool, nodes come from a provider and go again.
Result run_cluster(std::uint64_t seed, bool has_pool);

}  // namespace sim
