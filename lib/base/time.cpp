#include "lib/base/time.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "lib/base/text.h"

namespace base {

namespace {

using namespace std::chrono_literals;
using std::chrono::days;

struct Unit {
  std::string_view name;
  Duration length;
};

constexpr std::array units{Unit{"d", days(1)}, Unit{"h", 1h},   Unit{"m", 1min},
                           Unit{"s", 1s},      Unit{"ms", 1ms}, Unit{"us", 1us}};

constexpr auto longest = std::chrono::duration_cast<Duration>(days(36500));

std::unexpected<Error> not_a_time_limit(std::string_view text) {
  return fail(
      Code::invalid,
      fmt::format("'{}' is not a time limit; expected minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM, "
                  "D-HH:MM:SS, a number with a unit (90s, 30m, 1.5h, 2d), or UNLIMITED",
                  text));
}

std::optional<std::int64_t> clock_field(std::string_view text) {
  const auto value = parse_int(text, 0, std::numeric_limits<int>::max());
  return value ? std::optional<std::int64_t>(*value) : std::nullopt;
}

}  // namespace

std::string to_text(Time time) {
  using namespace std::chrono;
  const auto since_epoch = floor<milliseconds>(time.time_since_epoch());
  const auto day = floor<days>(since_epoch);
  const year_month_day date{sys_days(day)};
  const hh_mm_ss clock{since_epoch - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string to_text(Duration duration) {
  if (duration < 0us) return "-" + to_text(-duration);
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (duration < units[i].length) continue;
    std::string text = fmt::format("{}{}", duration / units[i].length, units[i].name);
    const auto rest = duration % units[i].length;
    const bool has_smaller = i + 1 < units.size() && units[i].length > 1s;
    if (has_smaller && rest >= units[i + 1].length) {
      text += fmt::format("{}{}", rest / units[i + 1].length, units[i + 1].name);
    }
    return text;
  }
  return "0s";
}

std::string to_clock_text(Duration duration) {
  const auto s = std::chrono::floor<std::chrono::seconds>(duration).count();
  const auto clock = fmt::format("{:02}:{:02}:{:02}", s / 3600 % 24, s / 60 % 60, s % 60);
  return s >= 86400 ? fmt::format("{}-{}", s / 86400, clock) : clock;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto digits = text.find_first_not_of("0123456789.");
  const auto number = parse_decimal(text.substr(0, digits));
  if (number && text == "0") return Duration(0);
  if (number && digits != std::string_view::npos) {
    for (const auto& unit : units) {
      if (unit.name != text.substr(digits)) continue;
      const double us = *number * static_cast<double>(unit.length.count());
      if (us > static_cast<double>(longest.count())) break;
      return Duration(std::llround(us));
    }
  }
  return fail(
      Code::invalid,
      fmt::format("'{}' is not a duration; expected a number with a unit: 250ms, 10s, 5m, 1.5h, 2d",
                  text));
}

Result<std::optional<Duration>> parse_time_limit(std::string_view text) {
  const auto lower = to_lower(text);
  if (lower == "unlimited" || lower == "infinite") return std::optional<Duration>();
  if (text.find_first_of("smhdu") != std::string_view::npos) {
    const auto duration = parse_duration(text);
    if (!duration) return not_a_time_limit(text);
    return *duration;
  }
  const auto dash = text.find('-');
  const bool has_days = dash != std::string_view::npos;
  const auto fields = split(has_days ? text.substr(dash + 1) : text, ':');
  if (fields.size() > 3) return not_a_time_limit(text);

  std::array<std::int64_t, 3> value{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto field = clock_field(fields[i]);
    if (!field) return not_a_time_limit(text);
    value[i] = *field;
  }
  std::int64_t seconds = 0;
  if (has_days) {
    const auto n_days = clock_field(text.substr(0, dash));
    if (!n_days) return not_a_time_limit(text);
    seconds = *n_days * 86400 + value[0] * 3600 + value[1] * 60 + value[2];
  } else if (fields.size() == 3) {
    seconds = value[0] * 3600 + value[1] * 60 + value[2];
  } else {
    seconds = value[0] * 60 + value[1];
  }
  const auto limit = std::chrono::duration_cast<Duration>(std::chrono::seconds(seconds));
  if (seconds == 0 || limit > longest) {
    return fail(Code::invalid,
                fmt::format("time limit '{}' is out of range; expected 1 s to 100 years, "
                            "or UNLIMITED",
                            text));
  }
  return limit;
}

}  // namespace base
