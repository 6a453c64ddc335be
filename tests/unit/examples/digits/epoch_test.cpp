#include "examples/digits/epoch.h"

#include <algorithm>

#include "tests/support/catch.h"

TEST_CASE("the shares of all ranks cover a batch without overlap") {
  const auto order = digits::epoch_order(13, 1, 0);
  for (std::size_t n_ranks = 1; n_ranks <= 16; ++n_ranks) {
    std::vector<std::uint32_t> seen;
    for (std::size_t rank = 0; rank < n_ranks; ++rank) {
      const auto share = digits::share_of(order, {.rank = rank, .n_ranks = n_ranks});
      seen.insert(seen.end(), share.begin(), share.end());
    }
    REQUIRE(seen == order);
  }
}

TEST_CASE("an epoch's order is a permutation that the next epoch does not repeat") {
  auto first = digits::epoch_order(100, 1, 0);
  CHECK(first == digits::epoch_order(100, 1, 0));
  CHECK(first != digits::epoch_order(100, 1, 1));
  std::sort(first.begin(), first.end());
  for (std::uint32_t i = 0; i < 100; ++i) {
    REQUIRE(first[i] == i);
  }
}
