#pragma once
// Looks now and then whether a pass has left a job waiting that could start: that would be an error
// of ours, which nobody else would notice.

#include <functional>
#include <optional>

#include "lib/loop/log.h"
#include "lib/loop/timer.h"
#include "scheduler/core/engine.h"

namespace musterd {

class Watchdog {
 public:
  /// `is_paused`: passes start nothing on purpose.
  Watchdog(loop::Loop& loop, const scheduler::Engine& engine, std::function<bool()> is_paused,
           const loop::Log& log);

  /// Logs a job that is overlooked, once, with the place in the journal that shows it again.
  void look();

 private:
  const scheduler::Engine& engine_;
  std::function<bool()> is_paused_;
  const loop::Log& log_;
  std::optional<scheduler::JobKind> seen_;  // looked at last
  std::optional<model::JobId> told_;
  loop::Timer timer_;
};

}  // namespace musterd
