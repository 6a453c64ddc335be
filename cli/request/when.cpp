#include "cli/request/when.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <utility>

#include "lib/base/text.h"

namespace request {

namespace {

using base::Time;
using namespace std::chrono_literals;

constexpr std::int64_t longest_count = 10'000'000;
constexpr base::Duration day = 24h;

std::unexpected<base::Error> not_a_moment(std::string_view text) {
  return base::fail(base::Code::invalid,
                    fmt::format("'{}' is not a moment; expected now+COUNT[seconds|minutes|hours|"
                                "days|weeks], HH:MM[:SS], noon, midnight, today, tomorrow, "
                                "YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS][Z]",
                                base::printable(text)));
}

std::tm local(Time time) {
  const auto seconds = static_cast<std::time_t>(base::to_us(time) / 1'000'000);
  std::tm fields{};
  (void)::localtime_r(&seconds, &fields);  // fails for years beyond an int only
  return fields;
}

/// nullopt for a day or an hour that no calendar has.
std::optional<Time> moment(std::tm fields, bool is_utc) {
  fields.tm_isdst = -1;
  auto made = fields;
  const auto seconds = is_utc ? ::timegm(&made) : std::mktime(&made);
  const bool is_real = made.tm_mday == fields.tm_mday && made.tm_mon == fields.tm_mon;
  if (seconds < 0 || !is_real) return std::nullopt;
  return base::time_from_us(std::int64_t{seconds} * 1'000'000);
}

std::optional<int> field(std::string_view text, int low, int high) {
  const auto number = base::parse_int(text, low, high);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

/// "16:00" or "16:00:30" into the fields.
bool read_clock(std::string_view text, std::tm& fields) {
  const auto parts = base::split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return false;
  const auto hour = field(parts[0], 0, 23);
  const auto minute = field(parts[1], 0, 59);
  const auto second = parts.size() == 3 ? field(parts[2], 0, 59) : std::optional(0);
  if (!hour || !minute || !second) return false;
  fields.tm_hour = *hour;
  fields.tm_min = *minute;
  fields.tm_sec = *second;
  return true;
}

bool read_date(std::string_view text, std::tm& fields) {
  const auto parts = base::split(text, '-');
  if (parts.size() != 3 || parts[0].size() != 4) return false;
  const auto year = field(parts[0], 1970, 9998);
  const auto month = field(parts[1], 1, 12);
  const auto of_month = field(parts[2], 1, 31);
  if (!year || !month || !of_month) return false;
  fields = {};
  fields.tm_year = *year - 1900;
  fields.tm_mon = *month - 1;
  fields.tm_mday = *of_month;
  return true;
}

/// What follows "now+": "5", "5minutes", "2h".
std::optional<base::Duration> read_distance(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, base::Duration>, 16> units{{{"", 1s},
                                                                               {"s", 1s},
                                                                               {"second", 1s},
                                                                               {"seconds", 1s},
                                                                               {"m", 1min},
                                                                               {"min", 1min},
                                                                               {"minute", 1min},
                                                                               {"minutes", 1min},
                                                                               {"h", 1h},
                                                                               {"hour", 1h},
                                                                               {"hours", 1h},
                                                                               {"d", day},
                                                                               {"day", day},
                                                                               {"days", day},
                                                                               {"week", 7 * day},
                                                                               {"weeks", 7 * day}}};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = base::parse_int(text.substr(0, digits), 0, longest_count);
  if (!count) return std::nullopt;
  for (const auto& [name, length] : units) {
    if (name == text.substr(digits)) return length * *count;
  }
  return std::nullopt;
}

std::optional<Time> on_date(std::string_view text) {
  const bool is_utc = text.ends_with('Z');
  if (is_utc) text.remove_suffix(1);
  const auto t = text.find('T');
  std::tm fields{};
  if (!read_date(text.substr(0, t), fields)) return std::nullopt;
  if (t != std::string_view::npos && !read_clock(text.substr(t + 1), fields)) return std::nullopt;
  return moment(fields, is_utc);
}

/// The next time that the clock shows this.
std::optional<Time> next_at(std::string_view clock, Time now) {
  auto fields = local(now);
  if (!read_clock(clock, fields)) return std::nullopt;
  const auto today = moment(fields, false);
  if (!today || *today > now) return today;
  auto tomorrow = local(now + day);
  if (!read_clock(clock, tomorrow)) return std::nullopt;
  return moment(tomorrow, false);
}

}  // namespace

base::Result<Time> parse_when(std::string_view text, Time now) {
  const auto lower = base::to_lower(text);
  std::optional<Time> time;
  if (lower == "now" || lower == "today") {
    time = now;
  } else if (lower.starts_with("now+")) {
    const auto distance = read_distance(std::string_view(lower).substr(4));
    if (distance) time = now + *distance;
  } else if (lower == "tomorrow") {
    time = now + day;
  } else if (lower == "noon") {
    time = next_at("12:00", now);
  } else if (lower == "midnight") {
    time = next_at("00:00", now);
  } else if (text.find('-') != std::string_view::npos) {
    time = on_date(text);
  } else {
    time = next_at(text, now);
  }
  if (!time) return not_a_moment(text);
  return *time;
}

}  // namespace request
