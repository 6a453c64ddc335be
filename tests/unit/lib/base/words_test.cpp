#include "lib/base/words.h"

#include "tests/support/catch.h"

namespace {

using Words = std::vector<std::string>;

Words split(std::string_view line) {
  const auto words = base::split_words(line);
  REQUIRE(words.has_value());
  return *words;
}

}  // namespace

TEST_CASE("words are split as sbatch does") {
  const std::vector<std::pair<std::string_view, Words>> table{
      {"", {}},
      {"   \t ", {}},
      {" -n 4  --time=1", {"-n", "4", "--time=1"}},
      {"-J 'a b'", {"-J", "a b"}},
      {"-J \"a b\"", {"-J", "a b"}},
      {"-J \"it's\"", {"-J", "it's"}},
      {"-J'x y'z", {"-Jx yz"}},
      {"-J a\\ b", {"-J", "a b"}},
      {"-J \\\"x\\\"", {"-J", "\"x\""}},
      {"-J 'a\\'b'", {"-J", "a'b"}},  // a backslash works inside quotes too
      {"-J ''", {"-J", ""}},
      {"-n 4 # comment", {"-n", "4"}},
      {"-n 4# comment", {"-n", "4"}},
      {"-J a#b -n 2", {"-J", "a"}},  // even inside a word
      {"-J 'a#b'", {"-J", "a#b"}},
      {"-J a\\#b", {"-J", "a#b"}},
      {"# all comment", {}},
      {"-J $HOME", {"-J", "$HOME"}},
      {"-x \\", {"-x", ""}},
      {"a\x0b"
       "b\x0c"
       "c",
       {"a", "b", "c"}},
  };
  for (const auto& [line, words] : table) {
    CAPTURE(line);
    CHECK(split(line) == words);
  }
}

TEST_CASE("open quotes and leading colons are refused") {
  CHECK(base::split_words("-J 'a").error().text == "a ' without its partner");
  CHECK(base::split_words("-J \"a").error().text == "a \" without its partner");
  CHECK(base::split_words("-n 4 : -n 2").error().text == "a word may not begin with ':'");
}

TEST_CASE("any text is one word of a shell") {
  CHECK(base::shell_word("it's $HOME") == "'it'\\''s $HOME'");
  CHECK(base::shell_word("") == "''");
}
