#pragma once
// SIGTERM to a launcher, which ends what it started. One that comes before there is anything, or
// when all is over and the report is being written, waits: it would kill the launcher.

#include <functional>

#include "lib/loop/signal.h"

namespace exec {

class EndSignal {
 public:
  /// Holds it back in this process until there is an EndSignal, and after it.
  static void hold();

  EndSignal(loop::Loop& loop, std::function<void()> told);
  ~EndSignal();
  EndSignal(const EndSignal&) = delete;
  EndSignal& operator=(const EndSignal&) = delete;

 private:
  loop::Signal signal_;
};

}  // namespace exec
