#pragma once
// The reading end of a pipe that a child process writes its output to.

#include <functional>
#include <memory>
#include <string_view>

#include "lib/base/result.h"
#include "lib/loop/fd_watch.h"
#include "lib/loop/owned_fd.h"

namespace loop {
class Loop;
}

namespace exec {

class OutputPipe {
 public:
  using Take = std::function<void(std::string_view)>;

  /// Calls `take` with what is written. Reading starts at once.
  static base::Result<OutputPipe> open(loop::Loop& loop, Take take);

  /// The same with what can be read from `fd`, such as a terminal: there is no end for the child.
  static OutputPipe from(loop::Loop& loop, loop::OwnedFd fd, Take take);

  /// The end for the child; close_writer() once it has it.
  int writer() const { return writer_.get(); }
  void close_writer() { writer_ = loop::OwnedFd(); }

  /// Nobody can write to it any more, and all was taken.
  bool has_ended() const;

  void pause();
  void resume();
  /// Takes all that is in the pipe now, though nobody will write to it any more.
  void drain();

 private:
  struct Reader;
  OutputPipe(std::unique_ptr<Reader> reader, loop::OwnedFd writer);

  struct Delete {
    void operator()(Reader* reader) const noexcept;
  };
  std::unique_ptr<Reader, Delete> reader_;
  loop::OwnedFd writer_;
};

}  // namespace exec
