#include "examples/digits/whole_file.h"

#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

TEST_CASE("a file is replaced as a whole and nothing else is left behind") {
  const support::TempFolder dir;
  const std::string path = dir / "file";
  REQUIRE(digits::write_whole(path, "first, and longer"));
  REQUIRE(digits::write_whole(path, std::string_view("se\0cond", 7)));
  const auto back = digits::read_whole(path);
  REQUIRE(back);
  CHECK(*back == std::string("se\0cond", 7));
  CHECK(!std::filesystem::exists(path + ".part"));
}

TEST_CASE("a file that is not there is no error, one that cannot be read is") {
  const support::TempFolder dir;
  const auto none = digits::read_whole(dir / "none");
  REQUIRE(none);
  CHECK(!*none);
  CHECK(!digits::read_whole(dir / "."));
}
