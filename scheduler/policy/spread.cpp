#include "scheduler/policy/spread.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace policy {

namespace {

using Parts = std::vector<Part>;
using Run = std::span<const Shelf>;  // of one room

bool is_before(const Place& a, const Place& b) {
  return scheduler::NameOrder()(*a.name, *b.name);
}

/// Takes the first nodes of a run, in the order of names.
class Picker {
 public:
  Picker(const Marks& marks, const Nodes& nodes) : marks_(marks), nodes_(nodes) {}

  /// At most `n`.
  std::vector<Place> first_of(Run run, std::size_t n) const {
    std::vector<Place> places;
    for (const auto& shelf : run) add_first(shelf, n, places);
    if (run.size() > 1) std::ranges::sort(places, is_before);
    places.erase(places.begin() + static_cast<std::ptrdiff_t>(std::min(n, places.size())),
                 places.end());
    return places;
  }

  std::optional<Place> first_of(const Shelf& shelf) const {
    if (shelf.alone) return Place{&nodes_.at(*shelf.alone).info.name, *shelf.alone};
    const auto first = std::find_if(shelf.first, shelf.last, [&](const auto& entry) {
      return marks_[entry.second.number()] <= shelf.farthest;
    });
    if (first == shelf.last) return std::nullopt;
    return Place{&first->first, first->second};
  }

 private:
  void add_first(const Shelf& shelf, std::size_t n, std::vector<Place>& places) const {
    if (shelf.alone) places.push_back({&nodes_.at(*shelf.alone).info.name, *shelf.alone});
    for (auto at = shelf.first; at != shelf.last && n > 0; ++at) {
      if (marks_[at->second.number()] > shelf.farthest) continue;
      places.push_back({&at->first, at->second});
      --n;
    }
  }

  const Marks& marks_;
  const Nodes& nodes_;
};

/// The shelves by room, the smallest first.
std::vector<Run> runs_of(std::vector<Shelf>& shelves) {
  std::ranges::sort(shelves, {}, &Shelf::room);
  std::vector<Run> runs;
  for (auto first = shelves.begin(); first != shelves.end();) {
    const auto last = std::ranges::upper_bound(first, shelves.end(), first->room, {}, &Shelf::room);
    runs.emplace_back(first, last);
    first = last;
  }
  return runs;
}

int room_of(const Run& run) {
  return run.front().room;
}

/// Best fit. The nodes that take one more are chosen first.
std::optional<Parts> on_fixed_number(const model::Layout& layout, const std::vector<Run>& runs,
                                     const Picker& picker) {
  Parts parts;
  std::vector<std::size_t> taken(runs.size());
  const auto choose = [&](int n_nodes, int tasks) {
    auto missing = static_cast<std::size_t>(n_nodes);
    for (std::size_t i = 0; i < runs.size() && missing > 0; ++i) {
      if (room_of(runs[i]) < tasks) continue;
      const auto places = picker.first_of(runs[i], taken[i] + missing);
      for (const auto& place : std::span(places).subspan(taken[i])) parts.push_back({place, tasks});
      missing -= places.size() - taken[i];
      taken[i] = places.size();
    }
    return missing == 0;
  };
  const int n_with_more = layout.tasks % *layout.nodes;
  const int tasks = layout.tasks / *layout.nodes;
  if (!choose(n_with_more, tasks + 1) || !choose(*layout.nodes - n_with_more, tasks)) return {};
  std::ranges::sort(parts, [](const Part& a, const Part& b) {
    return a.tasks != b.tasks ? a.tasks > b.tasks : is_before(a.place, b.place);
  });
  return parts;
}

/// Best fit on one node that takes all tasks.
std::optional<Parts> on_one(const model::Layout& layout, const std::vector<Shelf>& shelves,
                            const Picker& picker) {
  std::optional<std::pair<int, Place>> best;  // and its room
  for (const auto& shelf : shelves) {
    if (shelf.room < layout.tasks || (best && shelf.room > best->first)) continue;
    const auto place = picker.first_of(shelf);
    if (!place) continue;
    if (!best || shelf.room < best->first || is_before(*place, best->second))
      best = {shelf.room, *place};
  }
  if (!best) return std::nullopt;
  return Parts{{best->second, layout.tasks}};
}

/// On the fewest nodes.
std::optional<Parts> on_any_number(const model::Layout& layout, const std::vector<Run>& runs,
                                   const Picker& picker) {
  Parts parts;
  int left = layout.tasks;
  for (auto run = runs.rbegin(); run != runs.rend() && left > 0; ++run) {
    const int room = room_of(*run);
    for (const auto& place :
         picker.first_of(*run, static_cast<std::size_t>((left + room - 1) / room))) {
      parts.push_back({place, std::min(left, room)});
      left -= parts.back().tasks;
    }
  }
  if (left > 0) return std::nullopt;
  std::ranges::sort(parts, is_before, &Part::place);
  return parts;
}

}  // namespace

std::optional<Parts> spread(const model::Layout& layout, std::vector<Shelf> shelves,
                            const Marks& marks, const Nodes& nodes) {
  const Picker picker(marks, nodes);
  if (layout.nodes.value_or(1) == 1) {
    auto parts = on_one(layout, shelves, picker);
    if (parts || layout.nodes) return parts;
  }
  const auto runs = runs_of(shelves);
  return layout.nodes ? on_fixed_number(layout, runs, picker) : on_any_number(layout, runs, picker);
}

int least_room(const model::Layout& layout) {
  return layout.nodes ? layout.tasks / *layout.nodes : 1;
}

Roominess::Roominess(const model::Layout& layout)
    : n_nodes_(layout.nodes.value_or(0)),
      tasks_(layout.tasks),
      more_tasks_(n_nodes_ == 0 ? 0 : (tasks_ + n_nodes_ - 1) / n_nodes_),
      fewer_tasks_(n_nodes_ == 0 ? 0 : tasks_ / n_nodes_),
      n_with_more_(n_nodes_ == 0            ? 0
                   : tasks_ % n_nodes_ == 0 ? n_nodes_
                                            : tasks_ % n_nodes_) {}

void Roominess::count(int room, std::int64_t n_nodes) {
  total_ += room * n_nodes;
  if (room >= more_tasks_) n_for_more_ += n_nodes;
  if (room >= fewer_tasks_) n_for_fewer_ += n_nodes;
}

void Roominess::add(int room, std::size_t n_nodes) {
  count(room, static_cast<std::int64_t>(n_nodes));
}

void Roominess::change(int room_before, int room_now) {
  count(room_before, -1);
  count(room_now, 1);
}

bool Roominess::is_enough() const {
  if (n_nodes_ == 0) return total_ >= tasks_;
  return n_for_more_ >= n_with_more_ && n_for_fewer_ >= n_nodes_;
}

}  // namespace policy
