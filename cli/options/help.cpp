#include <algorithm>

#include "cli/options/option.h"
#include "lib/base/text.h"

namespace options {

namespace {

constexpr std::size_t help_column = 26;

}  // namespace

std::string spelling(const Option& option) {
  std::string text = option.letter != 0 ? std::string("-") + option.letter + ", " : "    ";
  text += "--" + std::string(option.name);
  if (option.takes_value()) text += "=" + std::string(option.placeholder);
  return text;
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  const std::string margin(indent, ' ');
  std::string lines;
  std::string line = margin;
  for (const auto word : base::split(text, ' ')) {
    const bool is_first = line.size() == indent;
    if (!is_first && line.size() + 1 + word.size() > width) {
      lines += line + "\n";
      line = margin;
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  return lines + line + "\n";
}

std::string help_text(std::span<const Option> table, std::size_t width) {
  std::string text;
  for (const auto& option : table) {
    if (option.help.empty()) continue;
    auto head = "  " + spelling(option);
    auto body = wrap(option.help, help_column, std::max(width, help_column + 20));
    if (head.size() + 2 <= help_column) {
      body.replace(0, head.size(), head);
    } else {
      body.insert(0, head + "\n");
    }
    text += body;
  }
  return text;
}

}  // namespace options
