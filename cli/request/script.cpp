#include "cli/request/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/request/table.h"
#include "lib/base/text.h"
#include "lib/base/words.h"

namespace request {

namespace {

constexpr std::string_view sbatch = "#SBATCH";
constexpr std::string_view submit = "#SUBMIT";

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

int line_of(std::string_view text, std::size_t offset) {
  return static_cast<int>(std::ranges::count(text.substr(0, offset), '\n')) + 1;
}

base::Result<void> check_text(std::string_view text, std::string_view name) {
  const auto refuse = [&](std::string what) {
    return base::fail(base::Code::invalid, fmt::format("{}: {}", name, what));
  };
  if (text.empty()) return refuse("the script is empty");
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return refuse(
        fmt::format("line {}: a NUL byte; expected a text file, is this a program? "
                    "Submit one with: submit -- {}",
                    line_of(text, nul), name));
  }
  if (const auto crlf = text.find("\r\n"); crlf != std::string_view::npos) {
    return refuse(
        fmt::format("line {}: the line ends as on Windows (CR LF); repair the file with: "
                    "sed -i 's/\\r$//' {}",
                    line_of(text, crlf), name));
  }
  if (!text.starts_with("#!")) {
    return refuse("line 1: expected '#!' and the shell, such as '#!/bin/bash'");
  }
  return {};
}

/// What a line that looks like a directive but is none was probably meant to be.
std::optional<std::string_view> look_alike(std::string_view line) {
  const auto end = line.find_first_of(" \t");
  if (end == std::string_view::npos) return std::nullopt;
  const auto option = line.find_first_not_of(" \t", end);
  if (option == std::string_view::npos || line[option] != '-') return std::nullopt;
  const auto word = line.substr(0, end);
  if (word.size() < 5 || word[1] == '#') return std::nullopt;
  const auto lower = base::to_lower(word);
  if (lower == "#sbatch") return sbatch;
  if (lower == "#submit") return submit;
  return base::nearest(word, std::vector{sbatch, submit});
}

/// Goes through the lines, top to bottom.
class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  base::Result<void> take_line(std::string_view line);
  Script finish() { return std::move(script_); }

 private:
  base::Result<void> take_directive(std::string_view line, std::string_view sentinel);
  base::Result<void> take_late(std::string_view line);
  std::string place() const { return fmt::format("{}: line {}", name_, number_); }

  std::string_view name_;
  int number_ = 0;
  int first_command_ = 0;  // its line; 0 before it
  Script script_;
};

/// `#SBATCH` needs no blank behind it, `#SUBMIT` a blank or a dash.
std::optional<std::string_view> sentinel_of(std::string_view line) {
  if (line.starts_with(sbatch)) return sbatch;
  if (!line.starts_with(submit)) return std::nullopt;
  const bool is_whole =
      line.size() == submit.size() || is_blank(line[submit.size()]) || line[submit.size()] == '-';
  return is_whole ? std::optional(submit) : std::nullopt;
}

base::Result<void> Reader::take_line(std::string_view line) {
  ++number_;
  const auto sentinel = sentinel_of(line);
  if (first_command_ == 0) {
    if (sentinel) return take_directive(line, *sentinel);
    const auto first = line.find_first_not_of(" \t\r\f\v");
    if (first != std::string_view::npos && line[first] != '#') first_command_ = number_;
  } else if (sentinel) {
    return take_late(line);
  }
  if (!sentinel && line.starts_with('#')) {
    if (const auto meant = look_alike(line)) {
      script_.warnings.push_back(fmt::format("{}: '{}' is a comment; did you mean {}?", place(),
                                             base::printable(line), *meant));
    }
  }
  return {};
}

base::Result<void> Reader::take_late(std::string_view line) {
  const auto shown = base::printable(line);
  if (line.starts_with(submit)) {
    return base::fail(base::Code::invalid,
                      fmt::format("{}: '{}' stands after the first command (line {}); move it up",
                                  place(), shown, first_command_));
  }
  script_.warnings.push_back(
      fmt::format("{}: '{}' is ignored: it stands after the first command (line {})", place(),
                  shown, first_command_));
  return {};
}

base::Result<void> Reader::take_directive(std::string_view line, std::string_view sentinel) {
  const auto shown = base::printable(line);
  const auto refuse = [&](std::string_view what) {
    return base::fail(base::Code::invalid, fmt::format("{}: '{}': {}", place(), shown, what));
  };
  const auto words = base::split_words(line.substr(sentinel.size()));
  if (!words) return refuse(words.error().text);
  const auto parsed =
      options::parse(table(Place::directive), *words, options::Operands::end_options);
  if (!parsed) return refuse(parsed.error().text);
  if (!parsed->rest.empty()) {
    return refuse(
        fmt::format("expected an option, found '{}'", base::printable(parsed->rest.front())));
  }
  auto& directives = sentinel == sbatch ? script_.sbatch : script_.submit;
  for (const auto& given : parsed->given) directives.push_back({given, number_, shown});
  return {};
}

}  // namespace

base::Result<Script> read_script(std::string_view text, std::string_view name) {
  if (const auto checked = check_text(text, name); !checked) {
    return std::unexpected(checked.error());
  }
  Reader reader(name);
  for (const auto line : base::split(text, '\n')) {
    if (const auto taken = reader.take_line(line); !taken) return std::unexpected(taken.error());
  }
  return reader.finish();
}

}  // namespace request
