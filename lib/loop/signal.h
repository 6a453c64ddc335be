#pragma once
// A signal to this process as a callback on the loop.

#include <functional>
#include <memory>

namespace loop {

class Loop;

class Signal {
 public:
  /// Calls `on_signal` for each `number` (SIGTERM, ...) until destroyed. Does not keep the loop
  /// running.
  Signal(Loop& loop, int number, std::function<void()> on_signal);

 private:
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace loop
