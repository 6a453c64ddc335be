#pragma once
// Submissions of scripts and command lines in other schedulers' words.

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/dialect/submission.h"
#include "cli/dialect/table.h"
#include "tests/support/catch.h"

namespace submitted {

inline const request::Surroundings here{.directory = "/home/ann/run",
                                        .environment = {{"HOME", "/home/ann"},
                                                        {"LOGNAME", "ann"},
                                                        {"PATH", "/bin"},
                                                        {"SHELL", "/bin/bash"},
                                                        {"USER", "ann"},
                                                        {"A", "1"}},
                                        .now = {},
                                        .host = "login1"};

constexpr std::uint64_t gib = 1ULL << 30;

/// An option that means something here, and how the request shows that.
struct Meant {
  std::string options;
  std::function<bool(const model::JobSpec&)> holds;
};

using Made = base::Result<request::Submission>;

/// As submit takes a script with these lines.
inline Made by_submit(const std::string& lines, const std::vector<std::string>& words = {}) {
  auto all = words;
  all.emplace_back("t.sh");
  const auto line =
      options::parse(request::table(request::Place::submit), all, options::Operands::end_options);
  if (!line) FAIL(line.error().text);
  return dialect::make_submission(*line, request::ScriptFile{"t.sh", lines}, here);
}

/// As sbatch or qsub takes it with these words.
inline Made by_foreign(model::Dialect dialect, const std::string& text,
                       std::vector<std::string> words,
                       const request::Surroundings& surroundings = here) {
  words.emplace_back("t.sh");
  auto line = options::parse(dialect::options_of(dialect), words, options::Operands::end_options);
  if (!line) return std::unexpected(line.error());
  return dialect::make_submission({dialect, *std::move(line)}, request::ScriptFile{"t.sh", text},
                                  surroundings);
}

/// What came of it; a refusal ends the test.
inline request::Submission good(Made made) {
  if (!made) FAIL(made.error().text);
  return *std::move(made);
}

inline std::string error_of(const Made& made) {
  return made ? "" : made.error().text;
}

inline std::string variable(const request::Submission& submission, const std::string& name) {
  const auto found = submission.spec.environment.find(name);
  return found == submission.spec.environment.end() ? "(none)" : found->second;
}

inline bool has_text(const std::vector<std::string>& lines, std::string_view part) {
  for (const auto& line : lines) {
    if (line.contains(part)) return true;
  }
  return false;
}

}  // namespace submitted
