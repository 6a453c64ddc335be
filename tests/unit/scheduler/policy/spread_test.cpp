#include "scheduler/policy/spread.h"

#include <string>

#include "lib/base/random.h"
#include "tests/support/catch.h"

namespace {

model::Layout layout_of(int tasks, std::optional<int> nodes) {
  model::Layout layout;
  layout.tasks = tasks;
  layout.nodes = nodes;
  return layout;
}

using Parts = std::vector<std::pair<std::size_t, int>>;

/// By places in `rooms`.
std::optional<Parts> spread(const model::Layout& layout, const std::vector<int>& rooms) {
  policy::Nodes nodes;
  std::vector<policy::Shelf> shelves;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    const model::NodeId id(static_cast<std::uint32_t>(i));
    nodes.emplace(id, scheduler::Node{.id = id, .info = {.name = "n" + std::to_string(i)}});
    if (rooms[i] > 0) shelves.push_back({.room = rooms[i], .alone = id});
  }
  const auto found = policy::spread(layout, std::move(shelves), {}, nodes);
  if (!found) return std::nullopt;
  Parts parts;
  for (const auto& part : *found) parts.emplace_back(part.place.node.number(), part.tasks);
  return parts;
}

}  // namespace

TEST_CASE("tasks go to one node that takes them all, else to as many as it needs") {
  CHECK(spread(layout_of(3, {}), {2, 3}) == Parts{{1, 3}});
  CHECK(spread(layout_of(4, {}), {2, 0, 3}) == Parts{{0, 1}, {2, 3}});
  CHECK(spread(layout_of(5, 2), {2, 4, 3}) == Parts{{2, 3}, {0, 2}});
  CHECK(spread(layout_of(2, {}), {5, 3, 2, 2}) == Parts{{2, 2}});
  CHECK(spread(layout_of(6, {}), {1, 2, 4, 1}) == Parts{{1, 2}, {2, 4}});
  CHECK(spread(layout_of(4, 2), {9, 2, 9, 2}) == Parts{{1, 2}, {3, 2}});
  CHECK_FALSE(spread(layout_of(6, {}), {2, 3}));
  CHECK_FALSE(spread(layout_of(4, 2), {4, 1}));
}

TEST_CASE("roominess says what spreading would find, as rooms change") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    base::Random random(seed);
    const auto number = [&](std::uint64_t bound) { return static_cast<int>(random.below(bound)); };
    const int nodes = number(5);
    const auto layout = layout_of(nodes + number(8) + 1, nodes == 0 ? std::optional<int>() : nodes);
    std::vector<int> rooms(6);
    policy::Roominess roominess(layout);
    for (int change = 0; change < 30; ++change) {
      auto& room = rooms[random.below(rooms.size())];
      const int now = number(6);
      roominess.change(room, now);
      room = now;
      INFO("seed " << seed);
      REQUIRE(roominess.is_enough() == spread(layout, rooms).has_value());
    }
  }
}
