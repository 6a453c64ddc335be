#pragma once
// What policy::Timeline must decide, by a look at every node at every moment.

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/policy/free_nodes.h"
#include "scheduler/policy/lane.h"
#include "scheduler/policy/place.h"
#include "tests/unit/scheduler/policy/plain_spread.h"

namespace support {

/// Tasks of a job by places in the list of nodes, and when it starts.
struct PlainPlacement {
  base::Time start;
  std::vector<std::pair<std::size_t, int>> parts;

  bool operator==(const PlainPlacement&) const = default;
};

/// What one job asks for, as users say it.
struct Ask {
  model::Layout layout;
  base::Duration duration;
  std::set<std::string> pools;
  model::NodeChoice choice = {};
  model::Licenses licenses = {};
};

class PlainTimeline {
 public:
  PlainTimeline(const scheduler::View& view, base::Time now) : view_(view), now_(now) {
    for (const auto& [name, n] : view.licenses) {
      auto& profile = licenses_.emplace(name, policy::Profile<int>(now, n)).first->second;
      for (const auto& [id, job] : view.state.jobs) {
        if (scheduler::active_attempt(job) == nullptr || !job.spec->licenses.contains(name))
          continue;
        const auto end = scheduler::expected_end(job);
        profile.take(job.spec->licenses.at(name), now,
                     end ? policy::when_over(*end, now) : base::Time::max());
      }
    }
    for (const auto& [name, id] : view.state.node_by_name) {
      const auto& node = view.state.nodes.at(id);
      if (scheduler::may_take_work(node)) lanes_.emplace_back(view.state, node, now);
    }
    started_.resize(lanes_.size());
  }

  const scheduler::Node& node(std::size_t lane) const { return lanes_[lane].node(); }

  std::optional<PlainPlacement> place_now(const Ask& request) const {
    return place_at(request, now_);
  }

  std::optional<PlainPlacement> place_later(const Ask& request) const {
    if (!has_reservations_) return place_first(request);
    const bool is_for_one =
        is_for_one_node(request.layout) && view_.state.bookings.empty() && request.licenses.empty();
    for (const auto at : moments()) {
      if (!has_licenses(request, at)) continue;
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

  std::optional<PlainPlacement> place_at(const Ask& request, base::Time start) const {
    if (!has_licenses(request, start)) return std::nullopt;
    auto parts = spread(request.layout, rooms_at(request, start));
    if (!parts) return std::nullopt;
    return PlainPlacement{start, std::move(*parts)};
  }

  bool fits_when_empty(const Ask& request) const {
    std::vector<int> rooms;
    for (const auto& lane : lanes_) {
      rooms.push_back(room(request, lane, whole(lane)));
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
      if (lane != lanes_.end()) lane->give(policy::amounts_of(share, lane->node()), at, over);
    }
    for (const auto& [name, n] : job.spec->licenses) licenses_.at(name).give(n, at, over);
  }

  void reserve(const Ask& request, const PlainPlacement& placement) {
    has_reservations_ = true;
    for (const auto& [lane, tasks] : placement.parts) {
      lanes_[lane].take(policy::amounts_of(demand(request, lane, tasks)), placement.start,
                        policy::end_of(placement.start, request.duration));
    }
    take_licenses(request, placement.start);
  }

  model::Allocation allocate(const Ask& request, const PlainPlacement& placement) {
    model::Allocation allocation;
    const auto end = policy::end_of(now_, request.duration);
    for (const auto& [lane, tasks] : placement.parts) {
      const auto held = demand(request, lane, tasks);
      allocation.nodes.push_back(lanes_[lane].pick(held));
      lanes_[lane].take(policy::amounts_of(held), now_, end);
      started_[lane].emplace_back(end, held);
    }
    take_licenses(request, now_);
    return allocation;
  }

 private:
  using Parts = PlainParts;

  std::optional<Parts> spread(const model::Layout& layout, const std::vector<int>& rooms) const {
    const bool is_one =
        layout.nodes ? *layout.nodes == 1
                     : std::ranges::any_of(rooms, [&](int room) { return room >= layout.tasks; });
    return plain_spread(layout, is_one ? rooms : under_few_switches(layout, rooms));
  }

  /// The rooms of the nodes under the smallest switch that is enough, or under the lowest ones with
  /// most room.
  std::vector<int> under_few_switches(const model::Layout& layout,
                                      const std::vector<int>& rooms) const {
    std::map<std::string, int> sizes;
    for (const auto& lane : lanes_) {
      for (const auto& name : lane.node().info.switches) ++sizes[name];
    }
    std::vector<std::pair<int, std::string>> switches;
    for (const auto& [name, size] : sizes) switches.emplace_back(size, name);
    std::ranges::sort(switches);
    for (const auto& [size, name] : switches) {
      auto under = only_under(rooms, {name});
      if (plain_spread(layout, under)) return under;
    }
    std::vector<std::pair<int, std::string>> lowest;  // most room first, then as above
    for (const auto& [size, name] : switches) {
      const bool is_lowest = std::ranges::any_of(lanes_, [&](const policy::Lane& lane) {
        const auto& path = lane.node().info.switches;
        return !path.empty() && path.back() == name;
      });
      int useful = 0;
      for (const int room : only_under(rooms, {name}))
        useful += room >= policy::least_room(layout) ? room : 0;
      if (is_lowest) lowest.emplace_back(-useful, name);
    }
    std::ranges::stable_sort(lowest, {}, &std::pair<int, std::string>::first);
    std::set<std::string> together;
    for (const auto& [room, name] : lowest) {
      together.insert(name);
      auto under = only_under(rooms, together);
      if (plain_spread(layout, under)) return under;
    }
    return rooms;
  }

  std::vector<int> only_under(std::vector<int> rooms, const std::set<std::string>& names) const {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const auto& path = lanes_[i].node().info.switches;
      const bool is_under =
          std::ranges::any_of(path, [&](const std::string& name) { return names.contains(name); });
      if (!is_under) rooms[i] = 0;
    }
    return rooms;
  }

  static scheduler::Amounts whole(const policy::Lane& lane) {
    const auto& topology = lane.node().info.topology;
    return {static_cast<int>(topology.cores.size()), static_cast<int>(topology.gpus.size()),
            topology.memory};
  }

  model::Demand demand(const Ask& request, std::size_t lane, int tasks) const {
    if (!request.layout.whole_nodes) return model::demand_of(request.layout, tasks);
    const auto all = whole(lanes_[lane]);
    return {.tasks = tasks, .cores = all.cores, .gpus = all.gpus, .memory = all.memory};
  }

  bool has_licenses(const Ask& request, base::Time start) const {
    const auto end = policy::end_of(start, request.duration);
    return std::ranges::all_of(request.licenses, [&](const auto& each) {
      return licenses_.at(each.first).least(start, end) >= each.second;
    });
  }

  void take_licenses(const Ask& request, base::Time start) {
    for (const auto& [name, n] : request.licenses)
      licenses_.at(name).take(n, start, policy::end_of(start, request.duration));
  }

  int room(const Ask& request, const policy::Lane& lane, const scheduler::Amounts& free) const {
    const auto& info = lane.node().info;
    const auto& choice = request.choice;
    const auto has = [](const std::vector<std::string>& names, const std::string& name) {
      return std::ranges::find(names, name) != names.end();
    };
    const bool is_chosen =
        request.pools.contains(info.pool) && model::is_met(choice.constraint, info.features) &&
        !has(choice.never, info.name) && (choice.only.empty() || has(choice.only, info.name)) &&
        (choice.booking.empty() || lane.node().bookings.contains(choice.booking));
    return is_chosen ? policy::room_in(request.layout, free, whole(lane)) : 0;
  }

  /// Does no booking of others keep the job off the node, and its own have it to the end?
  bool is_open(const Ask& request, const policy::Lane& lane, base::Time start) const {
    const auto end = policy::end_of(start, request.duration);
    return std::ranges::all_of(lane.node().bookings, [&](const std::string& name) {
      const auto& booking = view_.state.bookings.at(name).booking;
      if (name == request.choice.booking) return booking.start <= start && end <= booking.end;
      return booking.end <= start || end <= booking.start;
    });
  }

  std::vector<int> rooms_at(const Ask& request, base::Time start) const {
    std::vector<int> rooms;
    for (const auto& lane : lanes_) {
      const auto end = policy::end_of(start, request.duration);
      const bool may_run = is_open(request, lane, start);
      rooms.push_back(may_run ? room(request, lane, lane.least(start, end)) : 0);
    }
    return rooms;
  }

  std::set<base::Time> moments() const {
    std::vector<base::Time> times;
    for (const auto& lane : lanes_) lane.add_changes(times);
    for (const auto& [name, profile] : licenses_) profile.add_changes(times);
    for (const auto& [name, standing] : view_.state.bookings) {
      times.push_back(std::max(now_, standing.booking.start));
      times.push_back(std::max(now_, standing.booking.end));
    }
    return {times.begin(), times.end()};
  }

  /// Jobs that this pass starts and that end at the very moment do not count where those that run
  /// already leave enough.
  std::optional<PlainPlacement> place_first(const Ask& request) const {
    for (const auto at : moments()) {
      if (at > now_ && !has_early_ends_ && has_licenses(request, at)) {
        if (auto parts = spread(request.layout, rooms_before_started(request, at)))
          return PlainPlacement{at, std::move(*parts)};
      }
      if (auto placement = place_at(request, at)) return placement;
    }
    return std::nullopt;
  }

  std::vector<int> rooms_before_started(const Ask& request, base::Time at) const {
    std::vector<int> rooms;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      auto free = lanes_[i].least(at, at);
      for (const auto& [end, demand] : started_[i]) {
        if (end != at) continue;
        free.cores -= demand.cores;
        free.gpus -= demand.gpus;
        free.memory -= demand.memory;
      }
      rooms.push_back(is_open(request, lanes_[i], at) ? room(request, lanes_[i], free) : 0);
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
  std::map<std::string, policy::Profile<int>> licenses_;
  std::vector<std::vector<std::pair<base::Time, model::Demand>>> started_;  // by lane
  bool has_reservations_ = false;
  bool has_early_ends_ = false;
};

}  // namespace support
