#include "cli/compat/slurm_time.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <utility>

#include "lib/base/text.h"

namespace compat {

namespace {

using base::Duration;
using base::Time;
using namespace std::chrono_literals;

struct Clock {
  std::int64_t days;
  std::int64_t hours;
  std::int64_t minutes;
  std::int64_t seconds;
};

Clock clock_of(Duration duration) {
  const auto seconds = std::max<std::int64_t>(duration / 1s, 0);
  return {seconds / 86'400, seconds / 3'600 % 24, seconds / 60 % 60, seconds % 60};
}

std::tm local_fields(Time time) {
  const auto seconds = static_cast<std::time_t>(base::to_us(time) / 1'000'000);
  std::tm fields{};
  (void)::localtime_r(&seconds, &fields);  // fails for years beyond an int only
  return fields;
}

/// nullopt for a day that no calendar has.
std::optional<Time> time_of(std::tm fields) {
  fields.tm_isdst = -1;
  auto made = fields;
  const auto seconds = std::mktime(&made);
  if (made.tm_mday != fields.tm_mday || made.tm_mon != fields.tm_mon) return std::nullopt;
  return base::time_from_us(std::int64_t{seconds} * 1'000'000);
}

bool read_number(std::string_view text, int low, int high, int& field) {
  const auto number = base::parse_int(text, low, high);
  if (number) field = static_cast<int>(*number);
  return number.has_value();
}

/// "09:30[:05]"; the seconds are 0 where they are left out.
bool read_clock(std::string_view text, std::tm& fields) {
  const auto parts = base::split(text, ':');
  fields.tm_sec = 0;
  return (parts.size() == 2 || parts.size() == 3) && read_number(parts[0], 0, 23, fields.tm_hour) &&
         read_number(parts[1], 0, 59, fields.tm_min) &&
         (parts.size() == 2 || read_number(parts[2], 0, 59, fields.tm_sec));
}

bool read_month_and_day(std::string_view month, std::string_view day, std::tm& fields) {
  const bool is_read =
      read_number(month, 1, 12, fields.tm_mon) && read_number(day, 1, 31, fields.tm_mday);
  --fields.tm_mon;
  return is_read;
}

/// A year of two digits is one of this century.
bool read_short_year(std::string_view text, std::tm& fields) {
  const bool is_read = text.size() == 2 && read_number(text, 0, 99, fields.tm_year);
  fields.tm_year += 100;
  return is_read;
}

/// "2026-11-28", "1128", "112826", "11/28", "11/28/26".
bool read_day(std::string_view text, std::tm& fields) {
  fields.tm_hour = fields.tm_min = fields.tm_sec = 0;
  if (const auto parts = base::split(text, '-'); parts.size() == 3) {
    const bool has_year = read_number(parts[0], 1970, 9999, fields.tm_year);
    fields.tm_year -= 1900;
    return has_year && read_month_and_day(parts[1], parts[2], fields);
  }
  const char separator = text.contains('/') ? '/' : '.';
  if (const auto parts = base::split(text, separator); parts.size() == 2 || parts.size() == 3) {
    return read_month_and_day(parts[0], parts[1], fields) &&
           (parts.size() == 2 || read_short_year(parts[2], fields));
  }
  if (text.size() != 4 && text.size() != 6) return false;
  return read_month_and_day(text.substr(0, 2), text.substr(2, 2), fields) &&
         (text.size() == 4 || read_short_year(text.substr(4), fields));
}

constexpr std::array<std::pair<std::string_view, Duration>, 5> units{
    {{"seconds", 1s}, {"minutes", 1min}, {"hours", 1h}, {"days", 24h}, {"weeks", 168h}}};

/// "-2days", "+30": a plain number is seconds.
std::optional<Duration> read_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '-' && text[0] != '+')) return std::nullopt;
  const auto n_digits = text.substr(1).find_first_not_of("0123456789");
  constexpr std::int64_t longest = 1'000'000'000;
  const auto count = base::parse_int(text.substr(1, n_digits), 0, longest);
  if (!count) return std::nullopt;
  Duration unit = 1s;
  if (n_digits != std::string_view::npos) {
    const auto word = text.substr(1 + n_digits);
    const auto* const known =
        std::ranges::find_if(units, [&](const auto& one) { return one.first.starts_with(word); });
    if (known == units.end()) return std::nullopt;
    unit = known->second;
  }
  return (text[0] == '-' ? -unit : unit) * *count;
}

std::optional<Time> read_past(std::string_view text, Time now) {
  if (text.starts_with("now")) {
    if (text.size() == 3) return now;
    const auto offset = read_offset(text.substr(3));
    return offset ? std::optional(std::max(now + *offset, Time())) : std::nullopt;
  }
  if (text == "midnight" || text == "today") return midnight_before(now);
  if (text == "noon") return midnight_before(now) + 12h;
  auto fields = local_fields(now);
  if (text.contains(':') && !text.contains('T') && !text.contains('-'))
    return read_clock(text, fields) ? time_of(fields) : std::nullopt;
  const auto between = text.find('T');
  if (!read_day(text.substr(0, between), fields)) return std::nullopt;
  if (between != std::string_view::npos && !read_clock(text.substr(between + 1), fields))
    return std::nullopt;
  return time_of(fields);
}

}  // namespace

std::string short_clock(Duration duration) {
  const auto [days, hours, minutes, seconds] = clock_of(duration);
  if (days > 0) return fmt::format("{}-{:02}:{:02}:{:02}", days, hours, minutes, seconds);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds);
  return fmt::format("{}:{:02}", minutes, seconds);
}

std::string long_clock(Duration duration) {
  const auto [days, hours, minutes, seconds] = clock_of(duration);
  const auto text = fmt::format("{:02}:{:02}:{:02}", hours, minutes, seconds);
  return days > 0 ? fmt::format("{}-{}", days, text) : text;
}

std::string cpu_clock(Duration duration) {
  if (duration >= 1h) return long_clock(duration);
  const auto clock = clock_of(duration);
  return fmt::format("{:02}:{:02}.{:03}", clock.minutes, clock.seconds, duration % 1s / 1ms);
}

std::string local_stamp(Time time) {
  const auto fields = local_fields(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", fields.tm_year + 1900,
                     fields.tm_mon + 1, fields.tm_mday, fields.tm_hour, fields.tm_min,
                     fields.tm_sec);
}

std::string local_stamp(const std::optional<Time>& time, std::string_view otherwise) {
  return time ? local_stamp(*time) : std::string(otherwise);
}

std::string date_line(Time time) {
  const auto fields = local_fields(time);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a %b %d %H:%M:%S %Y\n", &fields)};
}

base::Result<Time> past_time(std::string_view text, Time now) {
  if (const auto time = read_past(text, now)) return *time;
  return base::fail(base::Code::invalid,
                    fmt::format("Invalid time specification '{}': expected HH:MM[:SS], MMDD[YY], "
                                "MM/DD[/YY], YYYY-MM-DD[THH:MM[:SS]], now[-COUNT[UNIT]], today, "
                                "midnight or noon",
                                base::printable(text)));
}

Time midnight_before(Time now) {
  auto fields = local_fields(now);
  fields.tm_hour = fields.tm_min = fields.tm_sec = 0;
  return time_of(fields).value_or(now);
}

}  // namespace compat
