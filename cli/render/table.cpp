#include "cli/render/table.h"

#include <algorithm>
#include <limits>

#include "lib/base/text.h"

namespace render {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_last = 8;
constexpr std::string_view mark = "..";

constexpr bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
  const std::string blanks(width - std::min(width, width_of(text)), ' ');
  return to_the_right ? blanks + text : text + blanks;
}

/// How wide each column is; the last may be cut to what is left.
std::vector<std::size_t> widths(const std::vector<Column>& columns, const std::vector<Cells>& rows,
                                std::optional<std::size_t> width) {
  std::vector<std::size_t> result;
  std::size_t used = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto widest = width_of(columns[i].title);
    for (const auto& row : rows) widest = std::max(widest, width_of(row[i]));
    if (width && columns[i].most > 0) widest = std::min(widest, columns[i].most);
    if (width && i + 1 == columns.size()) {
      widest = std::min(widest, std::max(least_last, *width - std::min(*width, used)));
    }
    result.push_back(widest);
    used += widest + gap;
  }
  return result;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  const auto room = width - std::min(width, mark.size());
  std::size_t n = 0;
  std::size_t end = 0;
  while (end < text.size() && (n < room || is_continuation(text[end]))) {
    if (!is_continuation(text[end])) ++n;
    ++end;
  }
  return std::string(text.substr(0, end)) + std::string(mark.substr(0, width));
}

std::string table(const std::vector<Column>& columns, const std::vector<Cells>& rows,
                  std::optional<std::size_t> width) {
  std::vector<Cells> lines{{}};
  for (const auto& column : columns) lines[0].emplace_back(column.title);
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (const auto& cell : row) {
      line.push_back(base::printable(cell, std::numeric_limits<std::size_t>::max()));
    }
  }
  const auto wide = widths(columns, lines, width);
  std::string text;
  for (const auto& line : lines) {
    std::string shown;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) shown.append(gap, ' ');
      shown += padded(cut(line[i], wide[i]), wide[i], columns[i].is_number);
    }
    shown.erase(shown.find_last_not_of(' ') + 1);
    text += shown + "\n";
  }
  return text;
}

}  // namespace render
