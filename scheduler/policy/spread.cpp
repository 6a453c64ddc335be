#include "scheduler/policy/spread.h"

#include <algorithm>

namespace policy {

namespace {

using Spread = std::vector<std::pair<std::size_t, int>>;

std::optional<Spread> on_fixed_number(const model::Layout& layout, std::vector<int> rooms) {
  Spread parts;
  for (const int tasks : model::tasks_by_node(layout)) {
    const auto found = std::ranges::find_if(rooms, [tasks](int room) { return room >= tasks; });
    if (found == rooms.end()) return std::nullopt;
    parts.emplace_back(found - rooms.begin(), tasks);
    *found = 0;
  }
  return parts;
}

std::optional<Spread> on_any_number(const model::Layout& layout, const std::vector<int>& rooms) {
  const auto whole = std::ranges::find_if(rooms, [&](int room) { return room >= layout.tasks; });
  if (whole != rooms.end()) return Spread{{whole - rooms.begin(), layout.tasks}};
  Spread parts;
  int left = layout.tasks;
  for (std::size_t i = 0; i < rooms.size() && left > 0; ++i) {
    const int here = std::min(left, rooms[i]);
    if (here > 0) parts.emplace_back(i, here);
    left -= here;
  }
  if (left > 0) return std::nullopt;
  return parts;
}

}  // namespace

std::optional<Spread> spread(const model::Layout& layout, std::vector<int> rooms) {
  return layout.nodes ? on_fixed_number(layout, std::move(rooms)) : on_any_number(layout, rooms);
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
