#include "examples/digits/options.h"

#include "tests/support/catch.h"

TEST_CASE("options are read and the rest keeps its default") {
  const auto options = digits::parse_options({"--epochs", "3", "--learning-rate=0.5"});
  REQUIRE(options);
  CHECK(options->settings.epochs == 3);
  CHECK(options->settings.learning_rate == 0.5);
  CHECK(options->settings.hidden == digits::Settings().hidden);
  CHECK(options->checkpoint.empty());
  CHECK(!options->data.empty());
}

TEST_CASE("wrong values are refused with what was expected") {
  const auto text = [](std::vector<std::string> arguments) {
    return digits::parse_options(arguments).error().text;
  };
  CHECK(text({"--epochs", "0"}) == "--epochs: expected a whole number from 1 to 100000, got '0'");
  CHECK(text({"--batch", "ten"}) == "--batch: expected a whole number from 1 to 100000, got 'ten'");
  CHECK(text({"--learning-rate", "-1"}) ==
        "--learning-rate: expected a decimal number above 0 like 0.05, got '-1'");
  CHECK_THAT(text({"--colour", "red"}), Catch::Contains("--colour"));
  CHECK(!digits::parse_options({"stray"}));
}
