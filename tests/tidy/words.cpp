// Rules that look for words.

#include <fmt/format.h>
#include <array>
#include <regex>

#include "lib/base/text.h"
#include "tests/tidy/rules.h"

namespace tidy {
namespace {

struct Banned {
  std::regex pattern;
  std::string_view why;
};

const std::array pure_folders = std::to_array<std::string_view>(
    {"lib/base", "lib/model", "lib/wire", "conf", "scheduler/core", "scheduler/policy",
     "scheduler/configured", "agent/core", "launcher/map", "launcher/pmi1", "nodeprep/judge",
     "doctor/judge", "cli/dialect"});

const std::array<Banned, 7>& banned_in_pure() {
  static const std::array<Banned, 7> rows{{
      {std::regex(R"(\bnow\s*\()"), "pure code is handed the time; only lib/loop reads the clock"},
      {std::regex(R"(\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\()"),
       "pure code never waits"},
      {std::regex(R"(\b(rand|srand)\s*\(|\brandom_device\b|\bmt19937)"),
       "randomness comes from base::Random with a seed that is handed in"},
      {std::regex(R"(\bgetenv\b)"), "pure code does not read the environment"},
      {std::regex(R"(\bstd::(jthread|thread|mutex|condition_variable|async|atomic)\b)"),
       "pure code has one thread"},
      {std::regex(R"(\b(fstream|ifstream|ofstream|fopen|filesystem)\b)"),
       "pure code does not touch files"},
      {std::regex(R"(\bunordered_(map|set|multimap|multiset)\b)"),
       "order must not depend on hashes: use std::map or a sorted vector"},
  }};
  return rows;
}

void find_in(const std::vector<std::string>& lines, const Banned& banned, const Source& source,
             std::string_view rule, Findings& findings) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (std::regex_search(lines[i], banned.pattern)) {
      findings.push_back({.path = source.path,
                          .line = i + 1,
                          .rule = std::string(rule),
                          .text = std::string(banned.why)});
    }
  }
}

void check_cpp_words(const Source& source, Findings& findings) {
  static const Banned vague{
      std::regex(R"(\b(class|struct|union|enum class)\s+\w*(Manager|Helper|Utils?|Impl)\b)"),
      "the name says nothing: name what it is or does"};
  static const Banned mutex{std::regex(R"(\bstd::(recursive_)?mutex\b)"),
                            "threads meet in lib/loop only: use loop::Work"};
  static const Banned commented{
      std::regex(
          R"(^\s*//\s*(\w[\w.:]*(\(|->| = | \w+ = )[^ ].*;|\}|(if|for|while) \(.*\) \{)\s*$)"),
      "code in a comment: delete it, git remembers"};
  find_in(source.code, vague, source, "names", findings);
  find_in(source.comments, commented, source, "commented-code", findings);
  if (!is_below(source.path, "lib/loop")) {
    find_in(source.code, mutex, source, "threads", findings);
  }
}

}  // namespace

Findings check_pure(const Source& source) {
  Findings findings;
  for (const auto folder : pure_folders) {
    if (!source.is_cpp() || !is_below(source.path, folder)) {
      continue;
    }
    for (const Banned& banned : banned_in_pure()) {
      find_in(source.code, banned, source, "pure", findings);
    }
  }
  return findings;
}

Findings check_words(const Source& source) {
  // The words are cut in two here so that this file keeps its own rules.
  static const Banned unfinished{std::regex("\\b(TO"
                                            "DO|FIX"
                                            "ME|XX"
                                            "X|HA"
                                            "CK)\\b"),
                                 "file an issue instead"};
  static const Banned by_name{std::regex("\\b(pk"
                                         "ill|kill"
                                         "all)\\b"),
                              "end processes by id, never by name"};
  static const Banned blanks{std::regex(R"([ \t\r]+$)"), "white space at the end of the line"};
  // A job that sleeps for long is not waited for, and `until ...; do sleep 0.1; done` waits for an
  // event.
  static const Banned waits{
      std::regex(R"((^\s*|^(?!.*\buntil\b).*([;&|]\s*|\bdo ))sleep (?!\d{3}))"),
      "no fixed sleeps in tests: wait for an event (wait_for)"};
  Findings findings;
  // In a patch the blank at the start of a line means something, in a fuzzer's input every byte.
  if (!source.path.ends_with(".patch") && !is_below(source.path, "tests/fuzz/corpus")) {
    find_in(source.lines, blanks, source, "white-space", findings);
  }
  if (!source.is_code()) {
    return findings;
  }
  find_in(source.lines, unfinished, source, "unfinished", findings);
  find_in(source.lines, by_name, source, "kill-by-name", findings);
  if (source.is_cpp()) {
    check_cpp_words(source, findings);
  }
  if (source.is_script() && is_below(source.path, "tests")) {
    find_in(source.code, waits, source, "sleep", findings);
  }
  return findings;
}

Findings check_header_opening(const Source& source) {
  if (!source.is_header()) {
    return {};
  }
  const auto fail = [&](std::string text) {
    return Findings{
        {.path = source.path, .line = 1, .rule = "header-opening", .text = std::move(text)}};
  };
  if (source.lines.front() != "#pragma once") {
    return fail("a header begins with #pragma once");
  }
  if (source.lines.size() < 2 || !source.lines[1].starts_with("// ")) {
    return fail("a header opens with a sentence that says what it is");
  }
  return {};
}

}  // namespace tidy
