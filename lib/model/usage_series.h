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
  base::Duration last = {};  // of the last point, where that has another length; 0: the same

  bool operator==(const UsageSeries&) const = default;
};

/// How long a point lasts.
base::Duration length_of(const UsageSeries& series, std::size_t point);

/// The next interval is over. A series that is full first becomes half as fine: then an interval
/// lasts twice as long, and the caller adds points half as often.
void add_point(UsageSeries& series, const UsagePoint& point);

/// What came after the last interval, for so long: a point of its own, or part of the last one
/// where it is too short to say much. Of a series without points the totals say as much. Nothing is
/// added to the series after that.
void add_rest(UsageSeries& series, const UsagePoint& rest, base::Duration length);

/// Into one of a longer interval.
UsagePoint together(const UsagePoint& a, const UsagePoint& b);

}  // namespace model
