#pragma once
// Wall time in microseconds UTC. The clock has no now(): pure code is handed the time, drivers read
// it in lib/loop.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace base {

using Duration = std::chrono::microseconds;

struct Clock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = false;
};

using Time = Clock::time_point;

constexpr Time time_from_us(std::int64_t us) {
  return Time(Duration(us));
}
constexpr std::int64_t to_us(Time time) {
  return time.time_since_epoch().count();
}

/// RFC 3339 in UTC with milliseconds: "2026-11-20T12:00:00.000Z".
std::string to_text(Time time);

/// A duration for people, in at most two units: "450ms", "90s" is "1m30s", "2d3h".
std::string to_text(Duration duration);

/// A duration as sbatch writes it: "[D-]H:MM:SS", rounded down to seconds.
std::string to_clock_text(Duration duration);

/// Reads a time limit as sbatch does (man sbatch, --time): "minutes", "minutes:seconds",
/// "hours:minutes:seconds", "days-hours", "days-hours:minutes", "days-hours:minutes:seconds"; and
/// with units: "90s", "30m", "1.5h", "2d". "UNLIMITED" and "INFINITE" give nullopt.
Result<std::optional<Duration>> parse_time_limit(std::string_view text);

/// Reads a duration with a unit: "250ms", "10s", "5m", "1.5h", "2d", "0".
Result<Duration> parse_duration(std::string_view text);

}  // namespace base
