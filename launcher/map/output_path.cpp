#include "launcher/map/output_path.h"

#include <algorithm>

namespace mapping {

namespace {

constexpr std::size_t most_padding = 10;  // digits, as sbatch has it

std::string as_file_name(std::string_view value) {
  std::string name(value);
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

std::string padded(std::string digits, std::size_t width) {
  width = std::min(width, most_padding);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

std::optional<std::string> value_of(char letter, std::size_t width, const PatternValues& values) {
  switch (letter) {
    case 'j':
      return padded(to_text(values.job), width);
    case 'A':
      return padded(to_text(values.array ? values.array->array : values.job), width);
    case 'a':
      return padded(std::to_string(values.array ? values.array->index : 0), width);
    case 'n':
      return padded(std::to_string(values.node_index), width);
    case 't':
      return padded(std::to_string(values.task.value_or(0)), width);
    case 'x':
      return as_file_name(values.job_name);
    case 'N':
      return as_file_name(values.node);
    case 'u':
      return as_file_name(values.user);
    case '%':
      return "%";
  }
  return std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string expand_pattern(std::string_view pattern, const PatternValues& values) {
  std::string path;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      path += pattern[at];
      continue;
    }
    std::size_t end = at + 1;
    std::size_t width = 0;
    while (end < pattern.size() && is_digit(pattern[end]) && width < 100) {
      width = width * 10 + static_cast<std::size_t>(pattern[end++] - '0');
    }
    const auto value =
        end < pattern.size() ? value_of(pattern[end], width, values) : std::optional<std::string>();
    if (value) {
      path += *value;
      at = end;
    } else {
      path += '%';
    }
  }
  return path;
}

}  // namespace mapping
