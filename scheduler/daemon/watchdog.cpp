#include "scheduler/daemon/watchdog.h"

#include <utility>

namespace musterd {

namespace {

constexpr base::Duration period = std::chrono::seconds(10);
constexpr std::size_t kinds_at_a_time = 20;

}  // namespace

Watchdog::Watchdog(loop::Loop& loop, const scheduler::Engine& engine,
                   std::function<bool()> is_paused, const loop::Log& log)
    : engine_(engine),
      is_paused_(std::move(is_paused)),
      log_(log),
      timer_(loop, [this] { look(); }) {
  timer_.start_repeating(period);
}

void Watchdog::look() {
  if (is_paused_()) return;
  const auto job = engine_.overlooked(seen_, kinds_at_a_time);
  if (!job || job == told_) return;
  told_ = job;
  log_.error("job_overlooked",
             {{"job", job->number()},
              {"journal_seq", engine_.last_seq()},
              {"what",
               "it could start, but the last pass left it; please report this, with the "
               "journal up to journal_seq"}});
}

}  // namespace musterd
