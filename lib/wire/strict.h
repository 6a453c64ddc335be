#pragma once
// Reads values out of a decoded message and keeps the first thing that is wrong with them, so that
// a conversion reads like the message and no bad value gets further than its end.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/index_set.h"

namespace wire {

class Strict {
 public:
  static constexpr int most = std::numeric_limits<int>::max();

  /// `code` of the errors; `what` is read, for their text: "order", "fact".
  Strict(base::Code code, std::string_view what) : code_(code), what_(what) {}

  /// Notes that `field` of the part being read "is 0; expected ...", unless something was wrong
  /// before.
  void wrong(std::string_view field, std::string_view why);

  /// A number that people count: [least, limit].
  int count(std::uint32_t value, std::string_view field, int least = 0, int limit = most);
  std::optional<int> count_if(bool present, std::uint32_t value, std::string_view field,
                              int least = 0);

  /// The number of an Id that starts at 1, or of an attempt.
  std::uint32_t from_one(std::uint32_t value, std::string_view field);

  /// A time from 1970 to 9999, the range of RFC 3339.
  base::Time time(std::int64_t us, std::string_view field);

  /// A duration in microseconds that is not negative, up to 10,000 years.
  base::Duration duration(std::int64_t us, std::string_view field);

  model::IndexSet indices(std::string_view text, std::string_view field);

  /// A member of a closed set by its name; `found` is what the lookup of `text` gave.
  template <class Enum>
  Enum named(std::optional<Enum> found, std::string_view text, std::string_view field) {
    if (!found) unknown(text, field);
    return found.value_or(Enum{});
  }

  /// Text that has to be there.
  std::string filled(std::string* text, std::string_view field);

  /// A part read by `read(part, *this)`, with `field` in front of what is wrong in it.
  template <class Part, class Read>
  auto part(std::string_view field, Part& part, Read read) {
    path_.push_back(field);
    auto value = read(part, *this);
    path_.pop_back();
    return value;
  }

  class Required;

  /// The same for a part that has to be there, in two calls because naming a part makes it:
  /// `strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key)`.
  Required required(bool present, std::string_view field);

  /// The same for each of several.
  template <class Parts, class Read>
  auto each(std::string_view field, Parts& parts, Read read) {
    std::vector<decltype(read(*parts.begin(), *this))> values;
    values.reserve(static_cast<std::size_t>(parts.size()));
    for (auto& one : parts) values.push_back(part(field, one, read));
    return values;
  }

  /// The value, unless something was wrong in it.
  template <class Value>
  base::Result<Value> give(Value value) {
    if (error_) return std::unexpected(std::move(*error_));
    return value;
  }

 private:
  void unknown(std::string_view text, std::string_view field);

  base::Code code_;
  std::string_view what_;
  std::vector<std::string_view> path_;
  std::optional<base::Error> error_;
};

class Strict::Required {
 public:
  Required(Strict& strict, std::string_view field) : strict_(strict), field_(field) {}

  template <class Part, class Read>
  auto read(Part& part, Read read_part) {
    return strict_.part(field_, part, read_part);
  }

 private:
  Strict& strict_;
  std::string_view field_;
};

/// The text, moved out of the message.
inline std::string take(std::string* text) {
  return std::move(*text);
}

/// For the wire, whose counts have no sign; a negative one, which would be a bug, is refused there.
inline std::uint32_t u32(int count) {
  return static_cast<std::uint32_t>(count);
}

}  // namespace wire
