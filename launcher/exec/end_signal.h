#pragma once
// SIGTERM to a launcher, which ends what it started. One that comes before there is anything, or
// when all is over and the report is being written, waits: it would kill the launcher.

#include <functional>

#include "lib/loop/signal.h"

namespace exec {

class EndSignal {
 public:
  /// Holds it back in this thread, and in those that are started from here on.
  static void hold();

  EndSignal(loop::Loop& loop, std::function<void()> told);
  ~EndSignal();
  EndSignal(const EndSignal&) = delete;
  EndSignal& operator=(const EndSignal&) = delete;

  /// Lets it come, until the end of this object, to this thread alone: call it when there are all
  /// others, such as PMIx's, which live on and would take it when nothing handles it any more.
  void heed();

 private:
  loop::Signal signal_;
};

}  // namespace exec
