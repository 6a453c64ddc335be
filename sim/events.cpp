#include "sim/events.h"

#include <algorithm>

namespace sim {

void Events::at(base::Time when, std::function<void()> what) {
  planned_.emplace(std::pair(std::max(when, now_), n_planned_++), std::move(what));
}

bool Events::run_next(base::Time until) {
  if (planned_.empty() || planned_.begin()->first.first > until) return false;
  auto next = planned_.extract(planned_.begin());
  now_ = next.key().first;
  next.mapped()();
  return true;
}

}  // namespace sim
