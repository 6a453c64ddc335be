#include "cli/request/escape_keys.h"

#include "tests/support/catch.h"

using request::EscapeKeys;
using Typed = request::EscapeKeys::Typed;

TEST_CASE("the escape key and d leave, also when they come apart") {
  EscapeKeys keys;
  CHECK(keys.take("ls\rd") == Typed{"ls\rd", false});
  CHECK(keys.take("ab\x1d") == Typed{"ab", false});
  CHECK(keys.take("dxyz") == Typed{"", true});
  CHECK(EscapeKeys().take("a\x1d"
                          "db") == Typed{"a", true});
}

TEST_CASE("the escape key twice is one, and before another key is the program's") {
  EscapeKeys keys;
  CHECK(keys.take("\x1d\x1d"
                  "d") == Typed{"\x1d"
                                "d",
                                false});
  CHECK(keys.take("\x1dq") == Typed{"\x1dq", false});
}
