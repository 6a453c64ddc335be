#include "examples/digits/checkpoint.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

const digits::Settings settings{.hidden = 3, .seed = 9};

digits::State some_state() {
  auto state = digits::first_state(settings);
  state.epoch = 17;
  state.velocity[2] = -0.5;
  return state;
}

}  // namespace

TEST_CASE("a checkpoint gives back the state it was made from") {
  const auto state = some_state();
  const auto back = digits::decode_checkpoint(digits::encode_checkpoint(settings, state), settings);
  REQUIRE(back);
  CHECK(back->epoch == 17);
  CHECK(back->parameters == state.parameters);
  CHECK(back->velocity == state.velocity);
}

TEST_CASE("a checkpoint cut anywhere is refused") {
  const auto bytes = digits::encode_checkpoint(settings, some_state());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = digits::decode_checkpoint(std::string_view(bytes).substr(0, length), settings);
    REQUIRE(!cut);
    REQUIRE(cut.error().code == base::Code::corrupt);
  }
}

TEST_CASE("a checkpoint with a flipped bit is refused") {
  const auto bytes = digits::encode_checkpoint(settings, some_state());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    REQUIRE(!digits::decode_checkpoint(damaged, settings));
  }
}

TEST_CASE("a checkpoint of a run with other settings is refused and both values are named") {
  const auto bytes = digits::encode_checkpoint(settings, some_state());
  auto other = settings;
  other.hidden = 64;
  const auto state = digits::decode_checkpoint(bytes, other);
  REQUIRE(!state);
  CHECK(state.error().code == base::Code::conflict);
  CHECK_THAT(state.error().text,
             Catch::StartsWith("written by a run with --hidden 3, this one has --hidden 64"));
  other = settings;
  other.seed = 10;
  CHECK(digits::decode_checkpoint(bytes, other).error().code == base::Code::conflict);
  other = settings;
  other.learning_rate = 0.1;
  CHECK(digits::decode_checkpoint(bytes, other).error().code == base::Code::conflict);
}

TEST_CASE("a run that has no checkpoint yet starts from nothing") {
  const support::TempFolder dir;
  const auto state = digits::load_checkpoint(dir / "none", settings);
  REQUIRE(state);
  CHECK(!*state);
}

TEST_CASE("saving replaces the last checkpoint and leaves nothing else behind") {
  const support::TempFolder dir;
  const std::string path = dir / "checkpoint";
  auto state = some_state();
  REQUIRE(digits::save_checkpoint(path, settings, state));
  state.epoch = 18;
  REQUIRE(digits::save_checkpoint(path, settings, state));
  const auto back = digits::load_checkpoint(path, settings);
  REQUIRE(back);
  REQUIRE(*back);
  CHECK((*back)->epoch == 18);
  CHECK(!std::filesystem::exists(path + ".part"));
}

TEST_CASE("a damaged checkpoint file is refused by name") {
  const support::TempFolder dir;
  const std::string path = dir / "checkpoint";
  std::ofstream(path) << "something else";
  const auto state = digits::load_checkpoint(path, settings);
  REQUIRE(!state);
  CHECK(state.error().text == "checkpoint '" + path + "': not a checkpoint of this program");
}

TEST_CASE("a checkpoint that cannot be written is an error with its path") {
  const auto saved = digits::save_checkpoint("/nonexistent/c", settings, some_state());
  REQUIRE(!saved);
  CHECK(saved.error().text == "cannot create '/nonexistent/c.part': No such file or directory");
}
