#include "lib/model/host_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/base/text.h"

namespace model {

namespace {

constexpr std::size_t most_names = 100'000;
constexpr std::string_view digits = "0123456789";

struct Numbered {
  std::string prefix;
  std::int64_t number = 0;
  std::size_t width = 0;  // of the digits; padded numbers of different widths do not join
  bool padded = false;
};

std::optional<Numbered> numbered(const std::string& name) {
  const auto last_other = name.find_last_not_of(digits);
  const auto start = last_other == std::string::npos ? 0 : last_other + 1;
  const auto tail = std::string_view(name).substr(start);
  if (tail.empty() || tail.size() > 9) return std::nullopt;
  const auto value = base::parse_int(tail, 0, 999'999'999);
  return Numbered{name.substr(0, start), *value, tail.size(), tail.size() > 1 && tail[0] == '0'};
}

bool follows(const Numbered& a, const Numbered& b) {
  const bool same_form = a.width == b.width || (!a.padded && !b.padded);
  return a.prefix == b.prefix && same_form && b.number == a.number + 1;
}

bool joins(const Numbered& a, const Numbered& b) {
  return a.prefix == b.prefix && (a.width == b.width || (!a.padded && !b.padded));
}

std::string number_text(const Numbered& name) {
  return fmt::format("{:0{}}", name.number, name.padded ? name.width : 1);
}

/// The group of names from `start` on that share a prefix; `end` is set behind it.
std::string compress_group(std::span<const std::string> names, std::size_t start,
                           std::size_t& end) {
  const auto head = numbered(names[start]);
  end = start + 1;
  if (!head) return names[start];
  std::string ranges;
  std::size_t n_members = 0;
  Numbered first = *head;
  Numbered last = *head;
  const auto flush = [&] {
    if (!ranges.empty()) ranges += ',';
    ranges += number_text(first);
    if (last.number != first.number) ranges += '-' + number_text(last);
  };
  for (n_members = 1; end < names.size(); ++end, ++n_members) {
    const auto next = numbered(names[end]);
    if (!next || !joins(last, *next)) break;
    if (!follows(last, *next)) {
      flush();
      first = *next;
    }
    last = *next;
  }
  if (n_members == 1) return names[start];
  flush();
  return fmt::format("{}[{}]", head->prefix, ranges);
}

std::unexpected<base::Error> bad_list(std::string_view list, std::string_view why) {
  return base::fail(
      base::Code::invalid,
      fmt::format("'{}' is not a list of nodes: {}; expected names such as n1,n[2-4,7]",
                  base::printable(list), why));
}

/// Adds prefix + each number of "2-4,07" + nothing; false for a bad range.
bool expand_ranges(std::string_view prefix, std::string_view ranges,
                   std::vector<std::string>& names) {
  for (const auto range : base::split(ranges, ',')) {
    const auto dash = range.find('-');
    const auto low = range.substr(0, dash);
    const auto high = dash == std::string_view::npos ? low : range.substr(dash + 1);
    const auto first = base::parse_int(low, 0, 999'999'999);
    const auto last = base::parse_int(high, 0, 999'999'999);
    if (!first || !last || *last < *first) return false;
    if (static_cast<std::size_t>(*last - *first) >= most_names - names.size()) return false;
    const auto width = low.size() > 1 && low[0] == '0' ? low.size() : 1;
    for (auto number = *first; number <= *last; ++number) {
      names.push_back(fmt::format("{}{:0{}}", prefix, number, width));
    }
  }
  return true;
}

}  // namespace

std::string compress_hosts(std::span<const std::string> names) {
  std::string text;
  for (std::size_t start = 0; start < names.size();) {
    std::size_t end = 0;
    const auto group = compress_group(names, start, end);
    if (!text.empty()) text += ',';
    text += group;
    start = end;
  }
  return text;
}

base::Result<std::vector<std::string>> expand_hosts(std::string_view list) {
  std::vector<std::string> names;
  for (std::size_t start = 0; start <= list.size();) {
    const auto end = list.find_first_of(",[", start);
    const auto name = list.substr(start, end - start);
    if (end != std::string_view::npos && list[end] == '[') {
      const auto close = list.find(']', end);
      if (close == std::string_view::npos) return bad_list(list, "a '[' is not closed");
      if (!expand_ranges(name, list.substr(end + 1, close - end - 1), names)) {
        return bad_list(list, "a range in brackets is wrong or too long");
      }
      if (close + 1 < list.size() && list[close + 1] != ',') {
        return bad_list(list, "after ']' only ',' may follow");
      }
      start = close + 2;
      if (close + 1 == list.size()) break;
      continue;
    }
    if (name.empty() || name.find(']') != std::string_view::npos)
      return bad_list(list, "a name is empty or has ']'");
    names.emplace_back(name);
    if (end == std::string_view::npos) break;
    start = end + 1;
  }
  return names;
}

}  // namespace model
