#pragma once
// Amounts over time, and scales with round numbers: what a chart is made of.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "sim/replay/attempts.h"
#include "sim/replay/workload.h"

namespace replay {

/// An amount that changes at this moment.
struct Change {
  base::Duration at{};
  double by = 0;
};

/// The means of the amount in `n` equal parts of [from, to]; it begins with 0. `changes` come in
/// any order.
std::vector<double> means(std::vector<Change> changes, base::Duration from, base::Duration to,
                          std::size_t n);

/// Cores in use, and jobs that wait, as changes.
std::vector<Change> cores_in_use(const Workload& workload, std::span<const Span> attempts);
std::vector<Change> jobs_queued(const Workload& workload, std::span<const Span> attempts);

/// The smallest of 1, 2, 5, 10, 20 ... of which at most `n_ticks` reach `most`.
double round_step(double most, std::size_t n_ticks);

/// A unit of time in which an axis is written, and the distance of its ticks in it.
struct TimeScale {
  std::string_view unit;  // "hours"
  base::Duration unit_length{};
  double step = 1;
};

TimeScale time_scale(base::Duration span, std::size_t n_ticks);

}  // namespace replay
