#include "cli/compat/slurm_format.h"

#include <fmt/format.h>

#include <utility>

namespace compat {

namespace {

constexpr std::size_t widest = 10'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The digits at `at`, which moves behind them.
std::size_t read_width(std::string_view text, std::size_t& at) {
  std::size_t width = 0;
  while (at < text.size() && is_digit(text[at])) {
    width = std::min(width * 10 + static_cast<std::size_t>(text[at] - '0'), widest);
    ++at;
  }
  return width;
}

}  // namespace

std::string fit(std::string text, std::size_t width, bool is_right) {
  if (width == 0) return text;
  if (text.size() > width) text.resize(width);
  return is_right ? fmt::format("{:>{}}", text, width) : fmt::format("{:<{}}", text, width);
}

std::string fit_marked(std::string text, std::size_t width, bool is_right) {
  const bool is_cut = width > 0 && text.size() > width;
  text = fit(std::move(text), width, is_right);
  if (is_cut) text.back() = '+';
  return text;
}

base::Result<Placeholders> placeholders(std::string_view format) {
  Placeholders read;
  std::string* text = &read.before;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      *text += format[at++];
      continue;
    }
    ++at;
    Placeholder place;
    if (at < format.size() && (format[at] == '.' || format[at] == '-'))
      place.is_right = format[at++] == '.';
    place.width = read_width(format, at);
    if (at == format.size()) {
      return base::fail(base::Code::invalid,
                        fmt::format("Unrecognized option: '%' at the end of '{}': expected a "
                                    "letter behind it",
                                    base::printable(format)));
    }
    place.letter = format[at++];
    read.places.push_back(std::move(place));
    text = &read.places.back().behind;
  }
  return read;
}

base::Result<std::vector<NamedField>> named_fields(std::string_view format) {
  std::vector<NamedField> fields;
  for (const auto part : base::split(format, ',')) {
    NamedField field;
    const auto colon = part.find(':');
    field.name = base::trim(part.substr(0, colon));
    if (field.name.empty()) continue;
    if (colon != std::string_view::npos) {
      auto at = colon + 1;
      if (at < part.size() && part[at] == '.') field.is_right = part[at++] == '.';
      const auto first = at;
      field.width = read_width(part, at);
      field.has_width = at > first;
      field.behind = part.substr(at);
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

base::Result<std::vector<NamedField>> account_fields(std::string_view format) {
  std::vector<NamedField> fields;
  for (const auto part : base::split(format, ',')) {
    NamedField field;
    const auto percent = part.find('%');
    field.name = base::trim(part.substr(0, percent));
    if (field.name.empty()) continue;
    field.is_right = true;
    if (percent != std::string_view::npos) {
      auto width = part.substr(percent + 1);
      if (width.starts_with('-')) {
        field.is_right = false;
        width.remove_prefix(1);
      }
      const auto number = base::parse_int(width, 0, widest);
      if (!number) {
        return base::fail(base::Code::invalid,
                          fmt::format("Invalid width '{}' of field '{}': expected a number, such "
                                      "as {}%20",
                                      base::printable(width), base::printable(field.name),
                                      base::printable(field.name)));
      }
      field.width = static_cast<std::size_t>(*number);
      field.has_width = true;
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace compat
