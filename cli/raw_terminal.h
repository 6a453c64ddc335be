#pragma once
// The terminal of a command whose keys are for a program elsewhere.

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace cli {

/// Are standard input and output one?
bool is_on_terminal();

/// Of the terminal at standard output.
model::WindowSize window_size();

/// While it exists, keys come as they are typed: Ctrl-C is a key like others.
class RawTerminal {
 public:
  static base::Result<RawTerminal> open();
  RawTerminal(RawTerminal&& other) noexcept;
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal();

  /// As it was before: also for one that is about to leave the process without destructors.
  static void restore();

 private:
  RawTerminal() = default;
  bool is_owner_ = true;
};

}  // namespace cli
