// Rules that count. The numbers are the limits of docs/style: what is small reads in one go.

#include <fmt/format.h>

#include <algorithm>

#include "tests/tidy/functions.h"
#include "tests/tidy/rules.h"

namespace tidy {
namespace {

constexpr std::size_t max_source_lines = 600;
constexpr std::size_t max_header_lines = 300;
constexpr std::size_t max_function_lines = 70;
constexpr std::size_t max_parameters = 5;
constexpr std::size_t max_columns = 100;

/// Characters, not bytes: bytes that continue a UTF-8 character do not count.
std::size_t columns_of(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

Findings check_sizes(const Source& source) {
  Findings findings;
  const auto add = [&](std::size_t line, std::string_view rule, std::string text) {
    findings.push_back(
        {.path = source.path, .line = line, .rule = std::string(rule), .text = std::move(text)});
  };
  for (std::size_t i = 0; source.is_code() && i < source.lines.size(); ++i) {
    // A comment that draws a table or names an address cannot always be cut.
    if (columns_of(source.lines[i]) > max_columns && source.is_cpp() &&
        !source.lines[i].contains("://")) {
      add(i + 1, "line-length",
          fmt::format("{} columns, at most {}", columns_of(source.lines[i]), max_columns));
    }
  }
  if (!source.is_cpp()) {
    return findings;
  }
  const std::size_t limit = source.is_header() ? max_header_lines : max_source_lines;
  if (source.lines.size() > limit) {
    add(limit + 1, "file-length", fmt::format("{} lines, at most {}", source.lines.size(), limit));
  }
  for (const Function& function : functions_of(source)) {
    if (function.n_lines > max_function_lines) {
      add(function.first_line, "function-length",
          fmt::format("'{}' has {} lines, at most {}", function.name, function.n_lines,
                      max_function_lines));
    }
    if (function.n_parameters > max_parameters) {
      add(function.first_line, "parameters",
          fmt::format("'{}' has {} parameters, at most {}: make a struct", function.name,
                      function.n_parameters, max_parameters));
    }
  }
  return findings;
}

}  // namespace tidy
