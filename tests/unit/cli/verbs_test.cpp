#include <set>

#include "cli/verb.h"
#include "tests/support/catch.h"

TEST_CASE("every command can be found, and explains itself") {
  std::set<std::string_view> names;
  for (const auto* verb : cli::verbs()) {
    CAPTURE(verb->name);
    CHECK(names.insert(verb->name).second);
    CHECK(cli::find_verb(verb->name) == verb);
    CHECK(verb->summary.ends_with('.'));
    const auto text = cli::help_of(*verb);
    CHECK(text.starts_with("usage: muster " + std::string(verb->name) + " "));
    CHECK(text.find("--help") != std::string::npos);
    CHECK(cli::overview().find("  " + std::string(verb->name) + " ") != std::string::npos);
  }
  CHECK(cli::find_verb("frobnicate") == nullptr);
}

TEST_CASE("options of a command differ in name and letter") {
  for (const auto* verb : cli::verbs()) {
    CAPTURE(verb->name);
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const auto& option : verb->table()) {
      CAPTURE(option.name);
      CHECK(names.insert(option.name).second);
      if (option.letter != 0) CHECK(letters.insert(option.letter).second);
      CHECK((option.help.empty() || option.help.ends_with('.')));
    }
  }
}

TEST_CASE("lines of help fit a terminal of 80 columns") {
  for (const auto* verb : cli::verbs()) {
    const auto text = cli::help_of(*verb);
    std::size_t start = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
      CAPTURE(text.substr(start, end - start));
      CHECK(end - start <= 80);
      start = end + 1;
    }
  }
}
