#include "sim/events.h"

#include <algorithm>

namespace sim {

base::Duration up_to(base::Random& random, base::Duration most) {
  return base::Duration(
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

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
