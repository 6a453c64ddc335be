#include "cli/render/table.h"

#include "tests/support/catch.h"

using render::table;

TEST_CASE("columns are as wide as they need") {
  CHECK(table({{"ID", true}, {"NAME"}, {"WHY"}}, {{"1", "a", "x"}, {"100", "long", ""}},
              std::nullopt) ==
        " ID  NAME  WHY\n"
        "  1  a     x\n"
        "100  long\n");
}

TEST_CASE("a width cuts limited columns, and the last to what is left") {
  CHECK(table({{"NAME", false, 6}, {"WHY"}}, {{"abcdefgh", "one two three four"}}, 22) ==
        "NAME    WHY\n"
        "abcd..  one two thre..\n");
  CHECK(table({{"NAME", false, 6}, {"WHY"}}, {{"abcdefgh", "one two three four"}}, std::nullopt) ==
        "NAME      WHY\n"
        "abcdefgh  one two three four\n");
}

TEST_CASE("the last column keeps a little room on a narrow terminal") {
  CHECK(table({{"A"}, {"B"}}, {{"0123456789", "0123456789"}}, 5) ==
        "A           B\n"
        "0123456789  012345..\n");
}

TEST_CASE("control characters do not reach the terminal") {
  CHECK(table({{"A"}}, {{"x\x1b[2Jy\n"}}, std::nullopt) == "A\nx\\x1b[2Jy\\x0a\n");
}

TEST_CASE("text is cut between the characters of UTF-8") {
  CHECK(render::width_of("größe") == 5);
  CHECK(render::cut("größe", 5) == "größe");
  CHECK(render::cut("größen", 5) == "grö..");
  CHECK(render::cut("abc", 1) == ".");
  CHECK(render::cut("abc", 0).empty());
}
