#pragma once
// What policy::spread must decide, when the room on each node is a number in a list.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "lib/model/layout.h"

namespace support {

/// Places in the list, and how many tasks go there.
using PlainParts = std::vector<std::pair<std::size_t, int>>;

inline std::vector<std::size_t> tightest_first(const std::vector<int>& rooms) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    if (rooms[i] > 0) places.push_back(i);
  }
  std::ranges::stable_sort(places, {}, [&](std::size_t place) { return rooms[place]; });
  return places;
}

inline std::optional<PlainParts> on_fixed_number(const model::Layout& layout,
                                                 const std::vector<int>& rooms) {
  auto places = tightest_first(rooms);
  PlainParts parts;
  for (const int tasks : model::tasks_by_node(layout)) {
    const auto found =
        std::ranges::find_if(places, [&](std::size_t place) { return rooms[place] >= tasks; });
    if (found == places.end()) return std::nullopt;
    parts.emplace_back(*found, tasks);
    places.erase(found);
  }
  std::ranges::sort(parts, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return parts;
}

inline std::optional<PlainParts> on_any_number(const model::Layout& layout,
                                               const std::vector<int>& rooms) {
  auto places = tightest_first(rooms);
  for (const auto place : places) {
    if (rooms[place] >= layout.tasks) return PlainParts{{place, layout.tasks}};
  }
  std::ranges::stable_sort(places, std::greater(), [&](std::size_t place) { return rooms[place]; });
  PlainParts parts;
  int left = layout.tasks;
  for (auto place = places.begin(); place != places.end() && left > 0; ++place) {
    parts.emplace_back(*place, std::min(left, rooms[*place]));
    left -= parts.back().second;
  }
  if (left > 0) return std::nullopt;
  std::ranges::sort(parts);
  return parts;
}

inline std::optional<PlainParts> plain_spread(const model::Layout& layout,
                                              const std::vector<int>& rooms) {
  return layout.nodes ? on_fixed_number(layout, rooms) : on_any_number(layout, rooms);
}

}  // namespace support
