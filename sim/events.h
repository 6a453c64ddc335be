#pragma once
// Virtual time: things that happen later, in order of time and then of being planned.

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "lib/base/random.h"
#include "lib/base/time.h"

namespace sim {

/// A random time from 0 to `most`.
base::Duration up_to(base::Random& random, base::Duration most);

class Events {
 public:
  base::Time now() const { return now_; }

  /// What was planned for an earlier time than now happens now.
  void at(base::Time when, std::function<void()> what);
  void after(base::Duration delay, std::function<void()> what) {
    at(now_ + delay, std::move(what));
  }

  /// Makes the next thing happen; false when nothing is left before `until`.
  bool run_next(base::Time until);

 private:
  base::Time now_ = base::time_from_us(1'000'000'000'000);
  std::uint64_t n_planned_ = 0;
  std::map<std::pair<base::Time, std::uint64_t>, std::function<void()>> planned_;
};

}  // namespace sim
