#include "lib/model/usage_series.h"

#include <algorithm>

namespace model {

UsagePoint together(const UsagePoint& a, const UsagePoint& b) {
  return {.cpu = a.cpu + b.cpu,
          .memory = std::max(a.memory, b.memory),
          .read = a.read + b.read,
          .written = a.written + b.written,
          .gpu_busy = a.gpu_busy + b.gpu_busy,
          .gpu_memory = std::max(a.gpu_memory, b.gpu_memory)};
}

void add_point(UsageSeries& series, const UsagePoint& point) {
  series.points.push_back(point);
  if (series.points.size() < UsageSeries::most_points) return;
  for (std::size_t i = 0; i < series.points.size() / 2; ++i)
    series.points[i] = together(series.points[2 * i], series.points[2 * i + 1]);
  series.points.resize(series.points.size() / 2);
  series.interval *= 2;
}

base::Duration length_of(const UsageSeries& series, std::size_t point) {
  const bool is_last = point + 1 == series.points.size();
  return is_last && series.last > base::Duration() ? series.last : series.interval;
}

void add_rest(UsageSeries& series, const UsagePoint& rest, base::Duration length) {
  if (series.points.empty() || length <= base::Duration()) return;
  if (length >= series.interval / 4) {
    series.points.push_back(rest);
    series.last = length;
    return;
  }
  series.points.back() = together(series.points.back(), rest);
  series.last = series.interval + length;
}

}  // namespace model
