#include "scheduler/policy/spread.h"

#include <algorithm>
#include <functional>

namespace policy {

namespace {

using Spread = std::vector<std::pair<std::size_t, int>>;

/// Places of rooms that are not empty, the smallest room first.
std::vector<std::size_t> tightest_first(const std::vector<int>& rooms) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    if (rooms[i] > 0) places.push_back(i);
  }
  std::ranges::stable_sort(places, {}, [&rooms](std::size_t place) { return rooms[place]; });
  return places;
}

/// Best fit; equal parts in the order of the nodes.
std::optional<Spread> on_fixed_number(const model::Layout& layout, const std::vector<int>& rooms) {
  auto places = tightest_first(rooms);
  Spread parts;
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

/// Best fit on one node, else on the fewest nodes.
std::optional<Spread> on_any_number(const model::Layout& layout, const std::vector<int>& rooms) {
  auto places = tightest_first(rooms);
  const auto whole =
      std::ranges::find_if(places, [&](std::size_t place) { return rooms[place] >= layout.tasks; });
  if (whole != places.end()) return Spread{{*whole, layout.tasks}};
  std::ranges::stable_sort(places, std::greater(),
                           [&rooms](std::size_t place) { return rooms[place]; });
  Spread parts;
  int left = layout.tasks;
  for (const auto place : places) {
    const int here = std::min(left, rooms[place]);
    parts.emplace_back(place, here);
    left -= here;
    if (left == 0) break;
  }
  if (left > 0) return std::nullopt;
  std::ranges::sort(parts);
  return parts;
}

}  // namespace

std::optional<Spread> spread(const model::Layout& layout, const std::vector<int>& rooms) {
  return layout.nodes ? on_fixed_number(layout, rooms) : on_any_number(layout, rooms);
}

Roominess::Roominess(const model::Layout& layout)
    : n_nodes_(layout.nodes.value_or(0)),
      tasks_(layout.tasks),
      more_tasks_(n_nodes_ == 0 ? 0 : (tasks_ + n_nodes_ - 1) / n_nodes_),
      fewer_tasks_(n_nodes_ == 0 ? 0 : tasks_ / n_nodes_),
      n_with_more_(n_nodes_ == 0            ? 0
                   : tasks_ % n_nodes_ == 0 ? n_nodes_
                                            : tasks_ % n_nodes_) {}

void Roominess::change(int room_before, int room_now) {
  total_ += room_now - room_before;
  if (n_nodes_ == 0) return;
  n_for_more_ += (room_now >= more_tasks_ ? 1 : 0) - (room_before >= more_tasks_ ? 1 : 0);
  n_for_fewer_ += (room_now >= fewer_tasks_ ? 1 : 0) - (room_before >= fewer_tasks_ ? 1 : 0);
}

bool Roominess::is_enough() const {
  if (n_nodes_ == 0) return total_ >= tasks_;
  return n_for_more_ >= n_with_more_ && n_for_fewer_ >= n_nodes_;
}

}  // namespace policy
