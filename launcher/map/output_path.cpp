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
    case 'b':
      return padded(std::to_string(values.array ? values.array->index % 10 : 0), width);
    case 'r':
      return padded(std::to_string(values.attempt - 1), width);
    case 's':
      return values.step ? padded(to_text(*values.step), width) : "batch";
    case 'J':
      return padded(to_text(values.job), width) +
             (values.step ? "." + to_text(*values.step) : std::string());
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

/// A '%' with its number and letter.
struct Field {
  char letter = '\0';  // none: the pattern ends before it
  std::size_t width = 0;
  std::size_t end = 0;  // of the letter
};

Field field_at(std::string_view pattern, std::size_t percent) {
  Field field{.end = percent + 1};
  while (field.end < pattern.size() && is_digit(pattern[field.end]) && field.width < 100) {
    field.width = field.width * 10 + static_cast<std::size_t>(pattern[field.end++] - '0');
  }
  if (field.end < pattern.size()) field.letter = pattern[field.end];
  return field;
}

}  // namespace

std::string expand_pattern(std::string_view pattern, const PatternValues& values) {
  std::string path;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      path += pattern[at];
      continue;
    }
    const Field field = field_at(pattern, at);
    const auto value = value_of(field.letter, field.width, values);
    path += value.value_or("%");
    if (value) at = field.end;
  }
  return path;
}

FileScope scope_of(std::string_view pattern) {
  FileScope scope = FileScope::step;
  for (auto at = pattern.find('%'); at != std::string_view::npos; at = pattern.find('%', at)) {
    const Field field = field_at(pattern, at);
    if (field.letter == 't') return FileScope::rank;
    if (field.letter == 'n' || field.letter == 'N') scope = FileScope::node;
    at = field.letter == '%' ? field.end + 1 : at + 1;
  }
  return scope;
}

}  // namespace mapping
