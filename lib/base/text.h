#pragma once
// Small pieces of text work that every layer needs, free of locale.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace base {

/// The parts between separators; "a,,b" has three, "" has one empty part. Views into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Without white space at both ends. A view into `text`.
std::string_view trim(std::string_view text);

std::string to_lower(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);

/// Whole-string decimal integer in [low, high]; nullopt for anything else, signs and blanks
/// included (but one leading '-' where low is negative).
std::optional<std::int64_t> parse_int(std::string_view text, std::int64_t low, std::int64_t high);

/// Whole-string non-negative decimal number, "1" or "1.5".
std::optional<double> parse_decimal(std::string_view text);

/// The candidate nearest to `word` by edit distance, if it is near enough to be what was meant.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates);

/// `text` with control characters made visible, cut at `limit` characters: safe to print in a
/// message.
std::string printable(std::string_view text, std::size_t limit = 80);

/// `count` and the noun in the right number: plural(1, "node") is "1 node", plural(2, "node") "2
/// nodes".
std::string plural(std::int64_t count, std::string_view noun);

}  // namespace base
