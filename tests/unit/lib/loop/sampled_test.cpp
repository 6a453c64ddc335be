#include "lib/loop/sampled.h"

#include <atomic>
#include <chrono>

#include "lib/loop/clock.h"
#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;

bool comes_to(const std::function<bool()>& is_so) {
  const loop::Elapsed elapsed;
  while (!is_so() && elapsed.so_far() < 20s) {
  }
  return is_so();
}

}  // namespace

TEST_CASE("the latest value is there at any time, and stays when there are no more") {
  const loop::Sampled<int> sampled(
      1ms, [n = 0]() mutable { return n < 3 ? std::optional(++n) : std::nullopt; });
  CHECK(comes_to([&] { return sampled.latest() == 3; }));
}

TEST_CASE("a call that hangs holds nobody up") {
  struct Gate {
    std::atomic<bool> is_reached = false;
    std::atomic<bool> is_open = false;
    std::atomic<bool> is_passed = false;
  };
  const auto gate = std::make_shared<Gate>();
  {
    const loop::Sampled<int> sampled(1ms, [gate]() -> std::optional<int> {
      gate->is_reached = true;
      while (!gate->is_open) {
      }
      gate->is_passed = true;
      return 1;
    });
    CHECK(comes_to([&] { return gate->is_reached.load(); }));
    CHECK(sampled.latest() == 0);
  }
  CHECK_FALSE(gate->is_passed);
  gate->is_open = true;
  CHECK(comes_to([&] { return gate.use_count() == 1; }));
}
