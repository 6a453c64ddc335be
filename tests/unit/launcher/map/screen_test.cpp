#include "launcher/map/screen.h"

#include <string>

#include "tests/support/catch.h"

TEST_CASE("a screen shows its last lines, the unfinished one too") {
  mapping::Screen screen;
  CHECK(screen.last(3).empty());
  screen.take("one\r\ntwo\r\n");
  screen.take("three\r\n$ ");
  CHECK(screen.last(1) == "$ ");
  CHECK(screen.last(3) == "two\r\nthree\r\n$ ");
  CHECK(screen.last(4) == "one\r\ntwo\r\nthree\r\n$ ");
  CHECK(screen.last(0) == screen.last(24));
  CHECK(screen.last(100) == "one\r\ntwo\r\nthree\r\n$ ");
}

TEST_CASE("a screen keeps no more than it shows") {
  mapping::Screen screen;
  for (int i = 0; i < 100; ++i) screen.take(std::string(10'000, 'x'));
  screen.take("end");
  CHECK(screen.last(24).size() == 64 << 10);
  CHECK(screen.last(24).ends_with("xend"));
}
