#include "examples/parameter-server/shard.h"

#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace {

using parameter_server::Shard;

constexpr digits::Settings settings{.hidden = 1, .learning_rate = 0.5};
constexpr parameter_server::ShardName second_of_two{.server = 1, .n_servers = 2, .hidden = 1};

}  // namespace

TEST_CASE("the shards of all servers cover the network without overlap") {
  const auto all = digits::first_parameters(settings.shape(), settings.seed);
  for (std::uint32_t n_servers = 1; n_servers <= 5; ++n_servers) {
    std::vector<double> together;
    for (std::uint32_t i = 0; i < n_servers; ++i) {
      const auto part =
          Shard({.server = i, .n_servers = n_servers, .hidden = 1}, settings, 1).pull();
      together.insert(together.end(), part.values.begin(), part.values.end());
    }
    REQUIRE(together == all);
  }
}

TEST_CASE("a push is a step against the gradient") {
  Shard shard(second_of_two, settings, 1);
  auto expected = shard.pull().values;
  std::vector<double> gradient(expected.size(), 0.0);
  gradient[3] = 2;
  expected[3] -= 1;
  shard.push(gradient);
  CHECK(shard.pull().values == expected);
}

TEST_CASE("an epoch is finished when the last worker has finished it") {
  Shard shard(second_of_two, settings, 2);
  CHECK(shard.finish(0, 1) == false);
  CHECK(shard.finish(0, 2) == false);
  CHECK(shard.pull().finished == 0);
  CHECK(shard.finish(1, 1) == true);
  CHECK(shard.pull().finished == 1);
  CHECK(shard.finish(1, 1) == false);
  CHECK(shard.finish(0, 1) == false);
  CHECK(shard.finish(1, 2) == true);
}

TEST_CASE("a worker cannot skip epochs") {
  Shard shard(second_of_two, settings, 1);
  const auto all = shard.finish(0, 2);
  REQUIRE(!all);
  CHECK(all.error().text == "finished: expected at most 1, got 2");
  CHECK(!shard.finish(0, 4'294'967'295));
}

TEST_CASE("a shard goes on from its file, whatever the number of workers") {
  const support::TempFolder dir;
  const std::string path = dir / "shard";
  Shard before(second_of_two, settings, 1);
  before.push(std::vector<double>(second_of_two.range().count, 1.0));
  REQUIRE(before.finish(0, 1));
  REQUIRE(before.save(path));
  Shard after(second_of_two, settings, 3);
  REQUIRE(after.load(path));
  CHECK(after.pull().values == before.pull().values);
  CHECK(after.pull().finished == 1);
  REQUIRE(after.load(dir / "none"));
  CHECK(after.pull().finished == 1);
}

TEST_CASE("a file cut anywhere, or with a flipped bit, is refused") {
  const auto bytes = encode_shard(second_of_two, Shard(second_of_two, settings, 1).pull());
  REQUIRE(decode_shard(bytes, second_of_two));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto cut = decode_shard(std::string_view(bytes).substr(0, i), second_of_two);
    REQUIRE(!cut);
    REQUIRE(cut.error().code == base::Code::corrupt);
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    REQUIRE(!decode_shard(damaged, second_of_two));
  }
}

TEST_CASE("the file of a run with other servers or another network is refused by name") {
  const support::TempFolder dir;
  const std::string path = dir / "shard";
  REQUIRE(Shard(second_of_two, settings, 1).save(path));
  const auto loaded = Shard({.server = 1, .n_servers = 3, .hidden = 1}, settings, 1).load(path);
  REQUIRE(!loaded);
  CHECK(loaded.error().code == base::Code::conflict);
  CHECK(loaded.error().text ==
        "checkpoint '" + path +
            "': written with servers 2, this run has servers 3: give the same or another "
            "--checkpoint");
}
