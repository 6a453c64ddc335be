#pragma once
// What to show and how wide: -o and -O of squeue and sinfo, --format of sacct. A column knows its
// heading and how to make its text of a row; tables of fields say which there are. Pure.

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/base/time.h"

namespace compat {

/// What values are made with besides the row.
struct Surroundings {
  base::Time now;
  std::string cluster;
};

/// A value of rows of one kind, under the names that formats have for it.
template <class Row>
struct Field {
  char letter = 0;        // of -o; 0: none
  std::string_view name;  // of -O, compared without regard to capitals; empty: none
  std::string_view heading;
  int width = 0;  // where the format says none; negative: to the left
  std::string (*value)(const Row&, const Surroundings&) = nullptr;
};

/// One place of a format: a field with its width, and the text behind it.
template <class Row>
struct Column {
  const Field<Row>* field = nullptr;  // none: only the text
  std::size_t width = 0;              // 0: as wide as the value
  bool is_right = false;
  std::string behind;
};

template <class Row>
using Format = std::vector<Column<Row>>;

/// Padded to the width and cut to it; 0: as it is.
std::string fit(std::string text, std::size_t width, bool is_right);
/// The same, with a '+' where it was cut.
std::string fit_marked(std::string text, std::size_t width, bool is_right);

/// A place of "%.18i".
struct Placeholder {
  std::size_t width = 0;
  bool is_right = false;
  char letter = 0;
  std::string behind;  // up to the next one
};
struct Placeholders {
  std::string before;
  std::vector<Placeholder> places;
};
/// errors: invalid: a '%' without a letter
base::Result<Placeholders> placeholders(std::string_view format);

/// A name of "jobid:.40,comment:32".
struct NamedField {
  std::string name;
  std::size_t width = 0;
  bool is_right = false;
  bool has_width = false;
  std::string behind;
};
/// errors: invalid: a width that is none
base::Result<std::vector<NamedField>> named_fields(std::string_view format);

/// A name of sacct's "jobid,state%20,jobname%-30".
/// errors: invalid: a width that is none
base::Result<std::vector<NamedField>> account_fields(std::string_view format);

template <class Row>
base::Result<Format<Row>> format_of_letters(std::span<const Field<Row>> table,
                                            std::string_view text) {
  auto read = placeholders(text);
  if (!read) return std::unexpected(read.error());
  Format<Row> format;
  if (!read->before.empty()) format.push_back({nullptr, 0, false, std::move(read->before)});
  for (auto& place : read->places) {
    const Field<Row>* found = nullptr;
    for (const auto& field : table) {
      if (field.letter == place.letter) found = &field;
    }
    if (found == nullptr) {
      return base::fail(base::Code::invalid,
                        std::string("Invalid job format specification: ") + place.letter);
    }
    format.push_back({found, place.width, place.is_right, std::move(place.behind)});
  }
  return format;
}

template <class Row>
const Field<Row>* field_named(std::span<const Field<Row>> table, std::string_view name) {
  const auto wanted = base::to_lower(name);
  for (const auto& field : table) {
    if (!field.name.empty() && base::to_lower(field.name) == wanted) return &field;
  }
  return nullptr;
}

template <class Row>
base::Result<Format<Row>> format_of_names(std::span<const Field<Row>> table,
                                          std::string_view text) {
  constexpr std::size_t default_width = 20;
  auto read = named_fields(text);
  if (!read) return std::unexpected(read.error());
  Format<Row> format;
  for (auto& one : *read) {
    const auto* found = field_named(table, one.name);
    if (found == nullptr) {
      return base::fail(base::Code::invalid,
                        "Invalid job format specification: " + base::printable(one.name));
    }
    format.push_back(
        {found, one.has_width ? one.width : default_width, one.is_right, std::move(one.behind)});
  }
  return format;
}

template <class Row>
std::string heading_line(const Format<Row>& format) {
  std::string line;
  for (const auto& column : format) {
    if (column.field != nullptr)
      line += fit(std::string(column.field->heading), column.width, column.is_right);
    line += column.behind;
  }
  return line + "\n";
}

template <class Row>
std::string row_line(const Format<Row>& format, const Row& row, const Surroundings& with) {
  std::string line;
  for (const auto& column : format) {
    if (column.field != nullptr)
      line += fit(column.field->value(row, with), column.width, column.is_right);
    line += column.behind;
  }
  return line + "\n";
}

}  // namespace compat
