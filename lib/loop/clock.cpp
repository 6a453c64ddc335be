#include "lib/loop/clock.h"

#include <atomic>
#include <chrono>

namespace loop {

base::Time now() {
  static std::atomic<std::int64_t> latest_us{0};
  using std::chrono::duration_cast;
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t read_us = duration_cast<std::chrono::microseconds>(wall).count();
  std::int64_t seen_us = latest_us.load();
  while (seen_us < read_us && !latest_us.compare_exchange_weak(seen_us, read_us)) {
  }
  return base::time_from_us(seen_us < read_us ? read_us : seen_us);
}

static base::Duration monotonic() {
  return std::chrono::duration_cast<base::Duration>(
      std::chrono::steady_clock::now().time_since_epoch());
}

Elapsed::Elapsed() : start_(monotonic()) {}

base::Duration Elapsed::so_far() const {
  return monotonic() - start_;
}

}  // namespace loop
