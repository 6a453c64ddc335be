#pragma once
// A timer; never early, late by the loop's turns. Destroying it in its own callback is fine.

#include <functional>
#include <memory>

#include "lib/base/time.h"

namespace loop {

class Loop;

class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_fire);

  /// Fires once, `after` from now (rounded up to milliseconds); a running timer starts again.
  void start(base::Duration after);
  /// Fires every `every`, first after one period.
  void start_repeating(base::Duration every);
  void stop();
  bool is_running() const;

 private:
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace loop
