#pragma once
// What a launch used on its node over time, in so few numbers that they can be kept with its
// report.

#include <cstddef>
#include <optional>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace model {

/// In one interval.
struct UsagePoint {
  base::Duration cpu{};       // user and system, of all processes
  base::Bytes memory;         // most at any look
  base::Bytes read;           // from disks
  base::Bytes written;        // to disks
  base::Duration gpu_busy{};  // summed over the GPUs
  base::Bytes gpu_memory;     // most in use on one of them

  bool operator==(const UsagePoint&) const = default;
};

struct UsageSeries {
  static constexpr std::size_t most_points = 48;

  base::Time since;
  base::Duration interval{};  // of each point
  std::vector<UsagePoint> points;

  bool operator==(const UsageSeries&) const = default;
};

/// The next interval is over. A series that is full first becomes half as fine: then an interval
/// lasts twice as long, and the caller adds points half as often.
void add_point(UsageSeries& series, const UsagePoint& point);

/// Into one of a longer interval.
UsagePoint together(const UsagePoint& a, const UsagePoint& b);

}  // namespace model
