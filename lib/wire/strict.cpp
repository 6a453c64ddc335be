#include "lib/wire/strict.h"

#include <fmt/format.h>

#include "lib/base/text.h"

namespace wire {

void Strict::wrong(std::string_view field, std::string_view why) {
  if (error_) return;
  std::string place;
  for (const auto part : path_) {
    place += part;
    place += '.';
  }
  error_ = base::Error{code_, fmt::format("{}: {}{} {}", what_, place, field, why)};
}

Strict::Required Strict::required(bool present, std::string_view field) {
  if (!present) wrong(field, "is missing");
  return {*this, field};
}

int Strict::count(std::uint32_t value, std::string_view field, int least, int limit) {
  if (value >= u32(least) && value <= u32(limit)) return static_cast<int>(value);
  wrong(field, fmt::format("is {}; expected {} to {}", value, least, limit));
  return least;
}

std::optional<int> Strict::count_if(bool present, std::uint32_t value, std::string_view field,
                                    int least) {
  if (!present) return std::nullopt;
  return count(value, field, least);
}

std::uint32_t Strict::from_one(std::uint32_t value, std::string_view field) {
  if (value == 0) wrong(field, "is 0 or missing; it counts from 1");
  return value;
}

base::Time Strict::time(std::int64_t us, std::string_view field) {
  constexpr std::int64_t year_10000_us = 253'402'300'800'000'000;
  if (us >= 0 && us < year_10000_us) return base::time_from_us(us);
  wrong(field, fmt::format("is {} us; expected a time between 1970 and 9999", us));
  return {};
}

base::Duration Strict::duration(std::int64_t us, std::string_view field) {
  constexpr std::int64_t most_us = 315'576'000'000'000'000;  // as in google/protobuf/duration.proto
  if (us >= 0 && us <= most_us) return base::Duration(us);
  wrong(field, fmt::format("is {} us; expected a duration of 0 to 10,000 years", us));
  return {};
}

model::IndexSet Strict::indices(std::string_view text, std::string_view field) {
  auto set = model::index_set_from_text(text);
  if (set) return *std::move(set);
  wrong(field, fmt::format("is wrong: {}", set.error().text));
  return {};
}

std::string Strict::filled(std::string* text, std::string_view field) {
  if (text->empty()) wrong(field, "is empty or missing");
  return take(text);
}

void Strict::unknown(std::string_view text, std::string_view field) {
  wrong(field, fmt::format("is '{}', which this version does not know", base::printable(text)));
}

}  // namespace wire
