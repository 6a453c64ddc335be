#include "sim/replay/series.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace replay {

namespace {

using namespace std::chrono_literals;

/// Spreads amounts over equal parts of a span.
class Parts {
 public:
  Parts(base::Duration from, base::Duration to, std::size_t n)
      : from_(static_cast<double>(from.count())),
        width_(static_cast<double>((to - from).count()) / static_cast<double>(n)),
        sums_(n) {}

  /// The amount holds from `begin` to `end`.
  void add(base::Duration begin, base::Duration end, double amount) {
    const double last = static_cast<double>(sums_.size());
    double at = std::clamp((static_cast<double>(begin.count()) - from_) / width_, 0.0, last);
    const double stop = std::clamp((static_cast<double>(end.count()) - from_) / width_, 0.0, last);
    while (at < stop) {
      const auto i = std::min(static_cast<std::size_t>(at), sums_.size() - 1);
      const double next = std::min(stop, static_cast<double>(i + 1));
      sums_[i] += amount * (next - at);
      if (next <= at) break;
      at = next;
    }
  }

  const std::vector<double>& sums() const { return sums_; }

 private:
  double from_;
  double width_;
  std::vector<double> sums_;  // in amount x widths
};

}  // namespace

std::vector<double> means(std::vector<Change> changes, base::Duration from, base::Duration to,
                          std::size_t n) {
  std::ranges::stable_sort(changes, {}, &Change::at);
  Parts parts(from, to, n);
  double amount = 0;
  auto since = from;
  for (const auto& change : changes) {
    if (change.at > since) parts.add(since, change.at, amount);
    since = change.at;
    amount += change.by;
  }
  parts.add(since, to, amount);
  return parts.sums();
}

std::vector<Change> cores_in_use(const Workload& workload, std::span<const Span> attempts) {
  std::vector<Change> changes;
  for (const auto& [job, start, end] : attempts) {
    const auto cores = static_cast<double>(workload.jobs[job].cores);
    changes.push_back({start, cores});
    changes.push_back({end, -cores});
  }
  return changes;
}

/// Between attempts a job waits again.
std::vector<Change> jobs_queued(const Workload& workload, std::span<const Span> attempts) {
  std::vector<Change> changes;
  std::vector<base::Duration> waits_since;
  for (const auto& job : workload.jobs) waits_since.push_back(job.submit);
  for (const auto& [job, start, end] : attempts) {
    changes.push_back({waits_since[job], 1});
    changes.push_back({start, -1});
    waits_since[job] = end;
  }
  return changes;
}

double round_step(double most, std::size_t n_ticks) {
  double power = 1;
  for (;; power *= 10) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      if (digit * power * static_cast<double>(n_ticks) >= most) return digit * power;
    }
  }
}

TimeScale time_scale(base::Duration span, std::size_t n_ticks) {
  struct Unit {
    std::string_view name;
    base::Duration length;
    std::array<double, 5> steps;
  };
  static constexpr std::array units{Unit{"seconds", 1s, {1, 5, 10, 20, 30}},
                                    Unit{"minutes", 1min, {1, 5, 10, 20, 30}},
                                    Unit{"hours", 1h, {1, 2, 4, 6, 12}}};
  for (const auto& unit : units) {
    for (const double step : unit.steps) {
      const auto reach = step * static_cast<double>(n_ticks);
      if (static_cast<double>(span / unit.length) < reach) return {unit.name, unit.length, step};
    }
  }
  constexpr base::Duration day = std::chrono::days(1);
  const auto n_days = std::chrono::duration<double>(span) / std::chrono::days(1);
  return {"days", day, round_step(n_days, n_ticks)};
}

}  // namespace replay
