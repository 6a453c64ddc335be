#include "lib/base/words.h"

#include <fmt/format.h>

#include <algorithm>

namespace base {

namespace {

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Takes one word off `line`, which starts with it.
Result<std::string> take_word(std::string_view& line) {
  std::string word;
  char quote = 0;
  std::size_t i = 0;
  for (; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\') {
      if (++i < line.size()) word += line[i];
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (is_space(c) || c == '#') {
      break;
    } else {
      word += c;
    }
  }
  if (quote != 0) {
    return fail(Code::invalid, fmt::format("a {} without its partner", quote));
  }
  line.remove_prefix(std::min(i, line.size()));
  return word;
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  for (;;) {
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    if (line.empty() || line.front() == '#') return words;
    if (line.front() == ':') {
      return fail(Code::invalid, "a word may not begin with ':'");
    }
    auto word = take_word(line);
    if (!word) return std::unexpected(word.error());
    words.push_back(std::move(*word));
  }
}

std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace base
