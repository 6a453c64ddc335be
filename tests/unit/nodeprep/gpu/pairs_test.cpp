#include "nodeprep/gpu/pairs.h"

#include <set>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

TEST_CASE("each node sums up with both of its neighbours, in one pair at a time") {
  for (int n = 2; n <= 9; ++n) {
    std::set<std::pair<int, int>> met;
    for (int round = 0; round < gpucheck::rounds_for(n); ++round) {
      std::vector<std::vector<int>> pairs(static_cast<std::size_t>(n));
      for (int node = 0; node < n; ++node) {
        const int pair = gpucheck::pair_of(node, n, round);
        if (pair >= 0) pairs[static_cast<std::size_t>(pair)].push_back(node);
      }
      for (const auto& pair : pairs) {
        CHECK((pair.empty() || pair.size() == 2));
        if (pair.size() == 2) met.emplace(pair[0], pair[1]);
      }
    }
    std::set<std::pair<int, int>> ring;
    for (int node = 0; node + 1 < n; ++node) ring.emplace(node, node + 1);
    ring.emplace(0, n - 1);
    CHECK(met == ring);
  }
}
