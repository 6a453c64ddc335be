#include "lib/wire/map_line.h"

#include "lib/wire/log_record.h"
#include "tests/support/catch.h"

TEST_CASE("places of ranks come back from their lines") {
  const std::vector<model::RankPlaced> map{{.rank = 0,
                                            .node = "n1",
                                            .cpus = "0-3",
                                            .gpus = "1",
                                            .numa = "0",
                                            .role = "ps 0",
                                            .nic = "mlx5_0"},
                                           {.rank = 12, .node = "n2", .unbound = "too few cores"}};
  std::string lines;
  for (const auto& placed : map) lines += wire::to_map_line(placed);
  CHECK(wire::read_map_lines(lines) == map);
  CHECK(wire::read_map_lines("")->empty());
  CHECK(wire::to_map_line({.rank = 1, .node = "a\tb\n"}) == "1\ta b \t\t\t\t\t\t\n");
  CHECK(wire::read_map_lines("3\tn1\t0\t\t\t\t\n") ==
        std::vector<model::RankPlaced>{{.rank = 3, .node = "n1", .cpus = "0"}});
}

TEST_CASE("what is no line of a map is refused") {
  CHECK_FALSE(wire::read_map_lines("0\tn1\n"));
  CHECK_FALSE(wire::read_map_lines("0\tn1\t\t\t\t\t\t\t\n"));
  CHECK_FALSE(wire::read_map_lines("x\tn1\t\t\t\t\t\n"));
  CHECK_FALSE(wire::read_map_lines("-1\tn1\t\t\t\t\t\n"));
}

TEST_CASE("the map and the stacks in a log are read only by who asks for them") {
  const auto file = wire::encode({.time = {}, .rank = wire::map_rank, .bytes = "the map"}) +
                    wire::encode({.time = {}, .rank = wire::stacks_rank, .bytes = "stacks"}) +
                    wire::encode({.time = {}, .rank = 0, .bytes = "output"});
  wire::LogReader all;
  all.feed(file);
  CHECK((*all.next())->bytes == "output");
  CHECK_FALSE(*all.next());
  wire::LogReader map(wire::map_rank);
  map.feed(file);
  CHECK((*map.next())->bytes == "the map");
  CHECK_FALSE(*map.next());
  wire::LogReader stacks(wire::stacks_rank);
  stacks.feed(file);
  CHECK((*stacks.next())->bytes == "stacks");
  CHECK_FALSE(*stacks.next());
}
