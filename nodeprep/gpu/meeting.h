#pragma once
// How the ranks of a step agree on an allreduce between nodes: they meet by TCP at the first one.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gpucheck {

/// A rank of a step, as its launcher says it in the environment.
struct Seat {
  int rank = 0;
  int n_ranks = 1;
  std::string host;                             // MASTER_ADDR
  std::string port;                             // MASTER_PORT
  std::string token;                            // that only ranks of this step know
  std::chrono::steady_clock::time_point until;  // then others are waited for no more
};

/// nullopt where not all of it is in the environment.
std::optional<Seat> seat_of_rank(std::chrono::steady_clock::time_point until);

struct Agreed {
  std::string secret;       // of the first rank
  std::vector<int> n_gpus;  // of each rank
};

/// Waits for all ranks. `secret` of the others is as long as that of the first.
/// errors    Failure, for all ranks, when one does not come or has no GPU
Agreed meet(const Seat& seat, int n_gpus, const std::string& secret);

}  // namespace gpucheck
