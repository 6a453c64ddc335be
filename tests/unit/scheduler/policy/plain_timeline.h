#pragma once
// What policy::Timeline must decide, by a look at every node at every moment.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/policy/free_nodes.h"
#include "scheduler/policy/lane.h"
#include "scheduler/policy/place.h"

namespace support {

/// Tasks of a job by places in the list of nodes, and when it starts.
struct PlainPlacement {
  base::Time start;
  std::vector<std::pair<std::size_t, int>> parts;

  bool operator==(const PlainPlacement&) const = default;
};

class PlainTimeline {
 public:
  PlainTimeline(const scheduler::View& view, base::Time now) : view_(view), now_(now) {
    for (const auto& [name, id] : view.state.node_by_name) {
      const auto& node = view.state.nodes.at(id);
      if (scheduler::may_take_work(node)) lanes_.emplace_back(view.state, node, now);
    }
    started_.resize(lanes_.size());
  }

  const scheduler::Node& node(std::size_t lane) const { return lanes_[lane].node(); }

  std::optional<PlainPlacement> place_now(const policy::Request& request) const {
    return place_at(request, now_);
  }

  std::optional<PlainPlacement> place_later(const policy::Request& request) const {
    if (!has_reservations_) return place_first(request);
    const bool is_for_one = is_for_one_node(request.layout);
    for (const auto at : moments()) {
      const auto rooms = rooms_at(request, at);
      if (!is_for_one) {
        if (auto parts = spread(request.layout, rooms)) return PlainPlacement{at, *parts};
        continue;
      }
      const auto found =
          std::ranges::find_if(rooms, [&](int room) { return room >= request.layout.tasks; });
      if (found == rooms.end()) continue;
      const auto lane = static_cast<std::size_t>(found - rooms.begin());
      return PlainPlacement{at, {{lane, request.layout.tasks}}};
    }
    return std::nullopt;
  }

  std::optional<PlainPlacement> place_at(const policy::Request& request, base::Time start) const {
    auto parts = spread(request.layout, rooms_at(request, start));
    if (!parts) return std::nullopt;
    return PlainPlacement{start, std::move(*parts)};
  }

  bool fits_when_empty(const policy::Request& request) const {
    std::vector<int> rooms;
    for (const auto& lane : lanes_) {
      const auto kind = scheduler::kind_of(lane.node().info);
      rooms.push_back(room(request, lane, {kind.cores, kind.gpus, kind.memory}));
    }
    return spread(request.layout, rooms).has_value();
  }

  /// The job gives back what it holds from `at` on, for good or for a while.
  void end_early(const scheduler::Job& job, base::Time at, bool is_for_good) {
    const auto end = scheduler::expected_end(job);
    const auto over = end ? policy::when_over(*end, now_) : base::Time::max();
    if (over <= at) return;
    has_early_ends_ = true;
    if (!is_for_good) return;
    for (const auto& share : scheduler::active_attempt(job)->allocation.nodes) {
      const auto lane = std::ranges::find_if(
          lanes_, [&](const policy::Lane& each) { return each.node().id == share.node; });
      if (lane != lanes_.end()) lane->give(policy::amounts_of(share), at, over);
    }
  }

  void reserve(const policy::Request& request, const PlainPlacement& placement) {
    has_reservations_ = true;
    for (const auto& [lane, tasks] : placement.parts) {
      lanes_[lane].take(policy::amounts_of(model::demand_of(request.layout, tasks)),
                        placement.start, policy::end_of(placement.start, request.duration));
    }
  }

  model::Allocation allocate(const policy::Request& request, const PlainPlacement& placement) {
    model::Allocation allocation;
    const auto end = policy::end_of(now_, request.duration);
    for (const auto& [lane, tasks] : placement.parts) {
      const auto demand = model::demand_of(request.layout, tasks);
      allocation.nodes.push_back(lanes_[lane].pick(demand));
      lanes_[lane].take(policy::amounts_of(demand), now_, end);
      started_[lane].emplace_back(end, demand);
    }
    return allocation;
  }

 private:
  using Parts = std::vector<std::pair<std::size_t, int>>;

  static std::vector<std::size_t> tightest_first(const std::vector<int>& rooms) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < rooms.size(); ++i) {
      if (rooms[i] > 0) places.push_back(i);
    }
    std::ranges::stable_sort(places, {}, [&](std::size_t place) { return rooms[place]; });
    return places;
  }

  static std::optional<Parts> on_fixed_number(const model::Layout& layout,
                                              const std::vector<int>& rooms) {
    auto places = tightest_first(rooms);
    Parts parts;
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

  static std::optional<Parts> on_any_number(const model::Layout& layout,
                                            const std::vector<int>& rooms) {
    auto places = tightest_first(rooms);
    for (const auto place : places) {
      if (rooms[place] >= layout.tasks) return Parts{{place, layout.tasks}};
    }
    std::ranges::stable_sort(places, std::greater(),
                             [&](std::size_t place) { return rooms[place]; });
    Parts parts;
    int left = layout.tasks;
    for (auto place = places.begin(); place != places.end() && left > 0; ++place) {
      parts.emplace_back(*place, std::min(left, rooms[*place]));
      left -= parts.back().second;
    }
    if (left > 0) return std::nullopt;
    std::ranges::sort(parts);
    return parts;
  }

  static std::optional<Parts> spread(const model::Layout& layout, const std::vector<int>& rooms) {
    return layout.nodes ? on_fixed_number(layout, rooms) : on_any_number(layout, rooms);
  }

  int room(const policy::Request& request, const policy::Lane& lane,
           const scheduler::Amounts& free) const {
    const auto pool = std::ranges::find(view_.pools, lane.node().info.pool) - view_.pools.begin();
    if (!request.pools[static_cast<std::size_t>(pool)]) return 0;
    return policy::tasks_that_fit(request.layout, free.cores, free.gpus, free.memory);
  }

  std::vector<int> rooms_at(const policy::Request& request, base::Time start) const {
    std::vector<int> rooms;
    for (const auto& lane : lanes_) {
      const auto end = policy::end_of(start, request.duration);
      rooms.push_back(room(request, lane, lane.least(start, end)));
    }
    return rooms;
  }

  std::set<base::Time> moments() const {
    std::set<base::Time> moments;
    for (const auto& lane : lanes_) {
      const auto changes = lane.changes();
      moments.insert(changes.begin(), changes.end());
    }
    return moments;
  }

  /// Jobs that this pass starts and that end at the very moment do not count where those that run
  /// already leave enough.
  std::optional<PlainPlacement> place_first(const policy::Request& request) const {
    for (const auto at : moments()) {
      if (at > now_ && !has_early_ends_) {
        if (auto parts = spread(request.layout, rooms_before_started(request, at)))
          return PlainPlacement{at, std::move(*parts)};
      }
      if (auto placement = place_at(request, at)) return placement;
    }
    return std::nullopt;
  }

  std::vector<int> rooms_before_started(const policy::Request& request, base::Time at) const {
    std::vector<int> rooms;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      auto free = lanes_[i].least(at, at);
      for (const auto& [end, demand] : started_[i]) {
        if (end != at) continue;
        free.cores -= demand.cores;
        free.gpus -= demand.gpus;
        free.memory -= demand.memory;
      }
      rooms.push_back(room(request, lanes_[i], free));
    }
    return rooms;
  }

  bool is_for_one_node(const model::Layout& layout) const {
    if (layout.most_tasks_per_node && *layout.most_tasks_per_node < layout.tasks) return false;
    return layout.nodes ? *layout.nodes == 1 : layout.tasks == 1 || lanes_.size() == 1;
  }

  const scheduler::View& view_;
  base::Time now_;
  std::vector<policy::Lane> lanes_;
  std::vector<std::vector<std::pair<base::Time, model::Demand>>> started_;  // by lane
  bool has_reservations_ = false;
  bool has_early_ends_ = false;
};

}  // namespace support
