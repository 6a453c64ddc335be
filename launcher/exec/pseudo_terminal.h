#pragma once
// A pseudo-terminal for a rank.

#include "lib/base/result.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/job.h"

namespace exec {

class PseudoTerminal {
 public:
  static base::Result<PseudoTerminal> open(const model::WindowSize& size);

  /// The end for the child; close_line() once it has it.
  int line() const { return line_.get(); }
  void close_line() { line_ = loop::OwnedFd(); }
  /// A descriptor of the other end: what is typed goes in, what is to be shown comes out.
  base::Result<loop::OwnedFd> screen() const;

  /// Tells the programs in the foreground, also when the size is what it was: they draw again.
  void resize(const model::WindowSize& size) const;

 private:
  PseudoTerminal(loop::OwnedFd screen, loop::OwnedFd line);

  loop::OwnedFd screen_;
  loop::OwnedFd line_;
};

}  // namespace exec
