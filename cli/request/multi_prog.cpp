#include "cli/request/multi_prog.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "lib/base/text.h"
#include "lib/base/words.h"
#include "lib/model/index_set.h"

namespace request {

namespace {

using base::Code;
using base::fail;

struct Line {
  int number = 0;
  std::vector<std::string> words;
};

bool is_gap(char c) {
  return c == ' ' || c == '\t';
}

/// Words by blanks; quotes of both kinds and a backslash keep what follows as it is. Nothing where
/// a quote does not end.
std::optional<std::vector<std::string>> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool is_in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && is_gap(c)) {
      is_in_word = false;
      continue;
    }
    if (quote == 0 && !is_in_word && c == '#') break;
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    if (quote == 0 ? c == '"' || c == '\'' : c == quote) {
      quote = quote == 0 ? c : char{0};
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      words.back() += line[++i];
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return std::nullopt;
  return words;
}

/// Those that say something; one that ends with a backslash goes on in the next.
base::Result<std::vector<Line>> lines_of(std::string_view text, std::string_view name) {
  std::vector<Line> lines;
  std::string held;
  int number = 0;
  for (const auto part : base::split(text, '\n')) {
    ++number;
    held += part;
    if (held.ends_with('\\')) {
      held.pop_back();
      continue;
    }
    auto words = words_of(held);
    if (!words) {
      return fail(Code::invalid, fmt::format("{}: line {}: a quote does not end: '{}'", name,
                                             number, base::printable(held)));
    }
    held.clear();
    if (!words->empty()) lines.push_back({number, std::move(*words)});
  }
  return lines;
}

/// As a word of shell in which the numbers of the task stand.
std::string word_of(std::string_view text) {
  std::string word;
  for (std::size_t at = 0; at < text.size() || at == 0;) {
    const auto percent = std::min(text.find('%', at), text.size());
    const char letter = percent + 1 < text.size() ? text[percent + 1] : char{0};
    const bool is_number = letter == 't' || letter == 'o';
    word += base::shell_word(
        text.substr(at, percent - at + (is_number || percent == text.size() ? 0 : 1)));
    if (is_number) word += letter == 't' ? "\"$MUSTER_RANK\"" : "\"$place\"";
    at = percent + (is_number ? 2 : 1);
  }
  return word;
}

/// The choice of one line for one of its tasks, or for all that are left.
std::string choice(std::string_view pattern, std::string_view place,
                   const std::vector<std::string>& words) {
  auto text = fmt::format("{}) place={}; exec", pattern, place);
  for (std::size_t i = 1; i < words.size(); ++i) text += " " + word_of(words[i]);
  return text + " ;;\n";
}

}  // namespace

base::Result<std::string> script_of_programs(std::string_view text, std::string_view name,
                                             int n_tasks) {
  const auto lines = lines_of(text, name);
  if (!lines) return std::unexpected(lines.error());
  std::string script = "case $MUSTER_RANK in\n";
  model::IndexSet named;
  bool names_all = false;
  for (const auto& [number, words] : *lines) {
    const auto where = fmt::format("{}: line {}", name, number);
    if (words.size() < 2)
      return fail(Code::invalid, fmt::format("{}: expected tasks and a program, such as '0-3 "
                                             "./solve %t', found '{}'",
                                             where, base::printable(words.front())));
    if (words.front() == "*") {
      script += choice("*", "$MUSTER_RANK", words);
      names_all = true;
      break;
    }
    const auto tasks = model::index_set_from_text(words.front());
    if (!tasks || tasks->empty())
      return fail(Code::invalid,
                  fmt::format("{}: expected a list of tasks such as 0,4-6 or *, found '{}'", where,
                              base::printable(words.front())));
    int place = 0;
    for (const int task : tasks->members())
      script += choice(std::to_string(task), std::to_string(place++), words);
    named |= *tasks;
  }
  for (int task = 0; task < n_tasks && !names_all; ++task) {
    if (named.contains(task)) continue;
    return fail(Code::invalid, fmt::format("{}: there is no program for task {}", name, task));
  }
  return script + "esac\necho \"srun: error: " + base::printable(name) +
         ": there is no program for task $MUSTER_RANK\" >&2\nexit 1\n";
}

}  // namespace request
