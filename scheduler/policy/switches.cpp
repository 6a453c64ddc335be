#include "scheduler/policy/switches.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace policy {

namespace {

bool is_on_one_node(const model::Layout& layout, const std::vector<Shelf>& shelves,
                    const std::vector<Absentee>& absent) {
  if (layout.nodes) return *layout.nodes == 1;
  std::size_t n_roomy = 0;
  for (const auto& shelf : shelves) n_roomy += shelf.room >= layout.tasks ? shelf.n_nodes : 0;
  for (const auto& node : absent) n_roomy -= node.room >= layout.tasks ? 1 : 0;
  return n_roomy > 0;
}

}  // namespace

Switches::Switches(const Kinds& kinds) {
  std::map<std::string, Switch> known;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& path = kinds.kind(i).switches;
    for (const auto& name : path) {
      auto& each = known.emplace(name, Switch{0, false}).first->second;
      each.n_nodes += kinds.ready(i).n_nodes;
      each.is_lowest = each.is_lowest || name == path.back();
    }
  }
  std::vector<const std::pair<const std::string, Switch>*> sorted;
  for (const auto& each : known) sorted.push_back(&each);
  std::ranges::stable_sort(sorted, {}, [](const auto* each) { return each->second.n_nodes; });
  std::map<std::string, std::size_t> places;
  for (const auto* each : sorted) {
    places.emplace(each->first, switches_.size());
    switches_.push_back(each->second);
  }
  for (std::size_t i = 0; i < kinds.size() && !switches_.empty(); ++i) {
    auto& above = above_.emplace_back();
    for (const auto& name : kinds.kind(i).switches) above.push_back(places.at(name));
  }
}

/// Places of the switches under which there is enough room; none: whatever nodes there are.
std::vector<std::size_t> Switches::nearest(const model::Layout& layout,
                                           const std::vector<Shelf>& shelves,
                                           const std::vector<Absentee>& absent) const {
  std::vector<Roominess> under(switches_.size(), Roominess(layout));
  std::vector<std::int64_t> rooms(switches_.size());
  const int least = least_room(layout);
  for (const auto& shelf : shelves) {
    if (shelf.room < least) continue;
    for (const auto place : above_[shelf.kind]) {
      under[place].add(shelf.room, shelf.n_nodes);
      rooms[place] += static_cast<std::int64_t>(shelf.n_nodes) * shelf.room;
    }
  }
  for (const auto& node : absent) {
    for (const auto place : above_[node.kind]) {
      under[place].change(node.room, 0);
      rooms[place] -= node.room;
    }
  }
  std::vector<std::size_t> places(switches_.size());
  std::iota(places.begin(), places.end(), 0);
  const auto one =
      std::ranges::find_if(places, [&](std::size_t place) { return under[place].is_enough(); });
  if (one != places.end()) return {*one};

  std::erase_if(places, [&](std::size_t place) { return !switches_[place].is_lowest; });
  std::ranges::stable_sort(places, std::greater(), [&](std::size_t place) { return rooms[place]; });
  Roominess together(layout);
  for (auto place = places.begin(); place != places.end(); ++place) {
    for (const auto& shelf : shelves) {
      if (!above_[shelf.kind].empty() && above_[shelf.kind].back() == *place)
        together.add(shelf.room, shelf.n_nodes);
    }
    for (const auto& node : absent) {
      if (!above_[node.kind].empty() && above_[node.kind].back() == *place)
        together.change(node.room, 0);
    }
    if (together.is_enough()) return {places.begin(), std::next(place)};
  }
  return {};
}

std::optional<std::vector<Part>> Switches::spread_near(const model::Layout& layout,
                                                       std::vector<Shelf> shelves,
                                                       const std::vector<Absentee>& absent,
                                                       const Marks& marks,
                                                       const Nodes& nodes) const {
  if (switches_.empty() || is_on_one_node(layout, shelves, absent))
    return spread(layout, std::move(shelves), marks, nodes);
  if (const auto places = nearest(layout, shelves, absent); !places.empty()) {
    std::erase_if(shelves, [&](const Shelf& shelf) {
      return std::ranges::find_first_of(above_[shelf.kind], places) == above_[shelf.kind].end();
    });
  }
  return spread(layout, std::move(shelves), marks, nodes);
}

}  // namespace policy
