#pragma once
// Tells when a descriptor that the caller owns can be read or written: pipes of child processes.

#include <functional>
#include <memory>

namespace loop {

class Loop;

class FdWatch {
 public:
  enum class Direction { read, write };

  /// Calls `on_ready` in each turn in which a read (write) of `fd` would not block, the end of the
  /// stream and errors included, while it is started. `fd` must be a pipe, socket or the like, stay
  /// open as long as this object, and is made non-blocking.
  FdWatch(Loop& loop, int fd, Direction direction, std::function<void()> on_ready);

  /// A new watch is stopped.
  void start();
  void stop();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace loop
