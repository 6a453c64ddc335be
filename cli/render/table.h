#pragma once
// Tables for people: columns as wide as their longest cell, as far as the width allows.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace render {

struct Column {
  std::string_view title;
  bool is_number = false;  // set to the right
  std::size_t most = 0;    // longer cells are cut; 0: none are
};

using Cells = std::vector<std::string>;

/// A title line and one line for each row; the last column takes what is left of `width` columns.
/// Control characters are made visible. Without a width nothing is cut.
std::string table(const std::vector<Column>& columns, const std::vector<Cells>& rows,
                  std::optional<std::size_t> width);

/// `text` in at most `width` columns; what is cut shows as "..".
std::string cut(std::string_view text, std::size_t width);

/// Columns that the text takes on a terminal: one for each code point of UTF-8.
std::size_t width_of(std::string_view text);

}  // namespace render
