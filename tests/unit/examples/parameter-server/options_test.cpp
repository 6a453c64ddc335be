#include "examples/parameter-server/options.h"

#include "tests/support/catch.h"

TEST_CASE("the options of training are there, and those of this program") {
  const auto options = parameter_server::parse_options(
      {"--epochs", "3", "--slow=20", "--checkpoint", "folder", "--batch=8"});
  REQUIRE(options);
  CHECK(options->settings.epochs == 3);
  CHECK(options->settings.batch == 8);
  CHECK(options->slow == std::chrono::milliseconds(20));
  CHECK(options->checkpoint == "folder");
  CHECK(!options->data.empty());
}

TEST_CASE("a pause that is no number is refused") {
  const auto options = parameter_server::parse_options({"--slow", "-1"});
  REQUIRE(!options);
  CHECK(options.error().text == "--slow: expected a whole number from 0 to 60000, got '-1'");
}
