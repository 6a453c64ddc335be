#include "examples/digits/data.h"

#include "tests/support/catch.h"

namespace {

std::string line(std::string_view pixel, std::string_view shown) {
  std::string text;
  for (std::size_t i = 0; i < digits::n_pixels; ++i) {
    text.append(pixel).append(",");
  }
  return text.append(shown).append("\n");
}

}  // namespace

TEST_CASE("pixels are scaled to between 0 and 1") {
  const auto two = digits::parse_digits(line("16", "9") + line("4", "0"));
  REQUIRE(two);
  REQUIRE(two->size() == 2);
  CHECK(two->image(0)[63] == 1.0);
  CHECK(two->image(1)[0] == 0.25);
  CHECK(two->classes == std::vector<std::uint8_t>{9, 0});
}

TEST_CASE("wrong lines are refused with their number") {
  const auto bad_pixel = digits::parse_digits(line("1", "2") + line("17", "2"));
  REQUIRE(!bad_pixel);
  CHECK(bad_pixel.error().text == "line 2: pixel 1: expected 0 to 16, got '17'");
  const auto bad_class = digits::parse_digits(line("1", "10"));
  REQUIRE(!bad_class);
  CHECK(bad_class.error().text == "line 1: class: expected 0 to 9, got '10'");
  const auto cut = digits::parse_digits("1,2,3\n");
  REQUIRE(!cut);
  CHECK(cut.error().text == "line 1: expected 64 pixels and a class, got 3 fields");
}

TEST_CASE("every fifth digit is held out and none is lost") {
  std::string text;
  for (int i = 0; i < 12; ++i) {
    text += line("0", std::to_string(i % 10));
  }
  const auto split = digits::hold_out_every_fifth(*digits::parse_digits(text));
  CHECK(split.held_out.classes == std::vector<std::uint8_t>{4, 9});
  CHECK(split.train.size() == 10);
}

TEST_CASE("a data file that is not there is named") {
  const auto none = digits::load_digits("/nonexistent/digits.csv.gz");
  REQUIRE(!none);
  CHECK(none.error().text == "cannot open '/nonexistent/digits.csv.gz': No such file or directory");
}
