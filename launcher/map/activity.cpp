#include "launcher/map/activity.h"

#include <algorithm>
#include <chrono>

namespace mapping {

namespace {

constexpr base::Duration two_ticks = std::chrono::milliseconds(20);

base::Duration noise(base::Duration time) {
  return time / 100 + two_ticks;
}

}  // namespace

Activity::Activity(std::size_t n_ranks, bool output_only)
    : ranks_(n_ranks), output_only_(output_only) {}

void Activity::wrote(std::size_t rank, base::Duration at) {
  ranks_[rank].wrote = at;
  stirred(at);
}

void Activity::used(std::size_t rank, base::Duration cpu, base::Duration at) {
  auto& one = ranks_[rank];
  const bool is_active =
      cpu - one.cpu > noise(at - one.looked) || cpu - one.cpu_when_active > noise(at - one.active);
  one.cpu = cpu;
  one.looked = at;
  // Less than before: a process has gone, whose time nobody counts any more.
  one.cpu_when_active = std::min(one.cpu_when_active, cpu);
  if (!is_active) return;
  one.cpu_when_active = cpu;
  one.active = at;
  if (!output_only_) stirred(at);
}

void Activity::stirred(base::Duration at) {
  active_ = std::max(active_, at);
}

base::Duration Activity::idle(base::Duration at) const {
  return at - active_;
}

}  // namespace mapping
