#pragma once
// The writing end of a pipe that is a rank's standard input.

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"

namespace loop {
class Loop;
}

namespace exec {

class InputPipe {
 public:
  static base::Result<InputPipe> open(loop::Loop& loop);
  /// What writes to `fd`, such as a terminal: there is no end for the child.
  static InputPipe to(loop::Loop& loop, loop::OwnedFd fd);

  /// The end for the child; close_reader() once it has it.
  int reader() const;
  void close_reader();

  /// Queues bytes; the end of the input when there are none.
  void write(std::string_view bytes);
  /// Bytes that the rank has not taken yet.
  std::size_t queued_bytes() const;
  /// Calls `drained` each time that all has been taken.
  void on_drained(std::function<void()> drained);

 private:
  struct State;
  struct Delete {
    void operator()(State* state) const noexcept;
  };
  explicit InputPipe(std::unique_ptr<State, Delete> state);
  std::unique_ptr<State, Delete> state_;
};

}  // namespace exec
