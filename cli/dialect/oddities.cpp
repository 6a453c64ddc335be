#include "cli/dialect/oddities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "lib/base/text.h"

namespace dialect {

namespace {

constexpr std::string_view blanks = " \t";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

std::optional<std::string_view> look_alike(std::string_view line) {
  static const std::vector<std::string_view> sentinels{"#SBATCH", "#SUBMIT"};
  const auto end = line.find_first_of(blanks);
  if (end == std::string_view::npos) return std::nullopt;
  const auto option = line.find_first_not_of(blanks, end);
  if (option == std::string_view::npos || line[option] != '-') return std::nullopt;
  const auto word = line.substr(0, end);
  const auto lower = base::to_lower(word);
  if (lower == "#pbs" || lower == "#psb") return "#PBS";
  if (word.size() < 5 || word[1] == '#') return std::nullopt;
  for (const auto sentinel : sentinels) {
    if (lower == base::to_lower(sentinel)) return sentinel;
  }
  return base::nearest(word, sentinels);
}

std::optional<std::string_view> foreign_sentinel(std::string_view line) {
  constexpr std::array<std::string_view, 7> words{"#BSUB",  "#MSUB", "#COBALT", "#OAR",
                                                  "#FLUX:", "#PJM",  "#$"};
  for (const auto word : words) {
    if (!line.starts_with(word)) continue;
    const auto rest = line.substr(word.size());
    const auto option = rest.find_first_not_of(blanks);
    if (option != std::string_view::npos && rest[option] == '-') return word;
  }
  return std::nullopt;
}

std::optional<std::string_view> typographic(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> characters{
      {{"\xe2\x80\x93", "an en dash (U+2013)"},
       {"\xe2\x80\x94", "an em dash (U+2014)"},
       {"\xe2\x88\x92", "a minus sign (U+2212)"},
       {"\xe2\x80\x98", "a curly quote (U+2018)"},
       {"\xe2\x80\x99", "a curly quote (U+2019)"},
       {"\xe2\x80\x9c", "a curly quote (U+201C)"},
       {"\xe2\x80\x9d", "a curly quote (U+201D)"}}};
  for (const auto& [bytes, name] : characters) {
    if (text.contains(bytes)) return name;
  }
  return std::nullopt;
}

std::string without_no_break_spaces(std::string_view text) {
  constexpr std::string_view no_break = "\xc2\xa0";
  std::string plain(text);
  for (auto at = plain.find(no_break); at != std::string::npos; at = plain.find(no_break, at + 1))
    plain.replace(at, no_break.size(), " ");
  return plain;
}

bool is_placeholder(std::string_view value) {
  const auto lower = base::to_lower(value);
  const auto open = value.find('<');
  if (open != std::string_view::npos && value.find('>', open) != std::string_view::npos)
    return true;
  return value == "..." || value == "…" || lower.starts_with("your_") || value == "YOUR" ||
         lower.contains("your-") || lower.contains("hh:mm");
}

bool is_template(std::string_view word) {
  if (word.contains("<%") || word.contains("{{")) return true;
  constexpr std::size_t shortest = 3;  // %A_% is a pattern
  for (auto at = word.find('%'); at != std::string_view::npos; at = word.find('%', at + 1)) {
    auto end = at + 1;
    while (end < word.size() && (word[end] == '_' || (word[end] >= 'A' && word[end] <= 'Z'))) ++end;
    if (end < word.size() && word[end] == '%' && end - at > shortest) return true;
  }
  return false;
}

std::optional<std::string> shell_variable(std::string_view value) {
  for (auto at = value.find('$'); at != std::string_view::npos; at = value.find('$', at + 1)) {
    const auto rest = value.substr(at);
    if (rest.size() < 2 || (rest[1] != '{' && !is_letter(rest[1]))) continue;
    const auto end = std::ranges::find_if_not(rest.substr(1), [](char c) {
      return is_letter(c) || c == '{' || c == '}' || (c >= '0' && c <= '9');
    });
    return std::string(rest.substr(0, 1 + static_cast<std::size_t>(end - rest.substr(1).begin())));
  }
  return std::nullopt;
}

std::optional<std::string> oddity_of_interpreter(std::string_view line) {
  if (!line.starts_with("#!")) return std::nullopt;
  if (const auto found = typographic(line))
    return fmt::format("there is {} in it, which the interpreter will not know", *found);
  const auto text = base::trim(line.substr(2));
  const auto end = text.find_first_of(blanks);
  if (end == std::string_view::npos) return std::nullopt;
  const auto program = text.substr(0, end);
  const auto argument = base::trim(text.substr(end));
  const bool is_split = program.ends_with("/env") && argument.starts_with("-S");
  if (is_split || argument.find_first_of(blanks) == std::string_view::npos) return std::nullopt;
  return fmt::format("the kernel gives '{}' to {} as one word, which it will not know",
                     base::printable(argument), program);
}

}  // namespace dialect
