// The nodes that a job had before, and others for those of them that it cannot have.

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "scheduler/policy/place.h"
#include "scheduler/policy/timeline.h"

namespace policy {

namespace {

/// The order of nodes of a placement on a fixed number.
bool comes_before(const Part& a, const Part& b) {
  if (a.tasks != b.tasks) return a.tasks > b.tasks;
  return scheduler::NameOrder()(*a.place.name, *b.place.name);
}

/// For `nodes` of them, which take so many tasks.
model::Layout rest_of(const model::Layout& layout, int nodes, int tasks) {
  auto rest = layout;
  rest.nodes = nodes;
  rest.tasks = tasks;
  rest.most_nodes = 0;
  rest.tasks_per_further = 0;
  return rest;
}

Selection without(Selection selection, const std::vector<model::NodeId>& nodes) {
  auto& never = selection.never;
  never.insert(never.end(), nodes.begin(), nodes.end());
  std::ranges::sort(never);
  never.erase(std::ranges::unique(never).begin(), never.end());
  return selection;
}

}  // namespace

/// Those of its former nodes that have room now, the roomiest first.
std::vector<Timeline::Former> Timeline::former_of(const Request& request,
                                                  const KindSet& open) const {
  std::vector<Former> found;
  const auto end = end_of(now_, request.duration);
  for (const auto node : *request.former) {
    const auto kind = kinds_.place_of(node);
    if (kind == kinds_.size() || !open[kind] || !allows(request, node)) continue;
    const auto lane = lanes_.find(node);
    const auto free = lane == lanes_.end() ? free_now(node) : lane->second.least(now_, end);
    const int room = room_in(request.layout, free, whole(kind));
    if (room >= least_room(request.layout)) found.push_back({node, kind, room});
  }
  std::ranges::stable_sort(found, std::greater(), &Former::room);
  return found;
}

/// Of a request for any number of nodes: only on the one that it had.
std::optional<Placement> Timeline::place_again(const Request& request, const KindSet& open) const {
  auto former = former_of(request, open);
  if (former.empty()) return std::nullopt;
  const auto& layout = request.layout;
  const bool takes_all = request.former->size() == 1 && former.front().room >= layout.tasks;
  if (!layout.nodes && !takes_all) return std::nullopt;
  const int nodes = layout.nodes.value_or(1);
  if (former.size() > static_cast<std::size_t>(nodes))
    former.erase(former.begin() + nodes, former.end());
  const int tasks = layout.tasks / nodes;
  int n_with_more = layout.tasks % nodes;
  std::vector<Part> parts;
  for (const auto& [node, kind, room] : former) {
    const bool takes_more = n_with_more > 0 && room > tasks;
    if (takes_more) --n_with_more;
    const auto& name = state_.nodes.at(node).info.name;
    parts.push_back({{&name, node}, takes_more ? tasks + 1 : tasks});
  }
  const int n_others = nodes - static_cast<int>(former.size());
  if (n_with_more > n_others) return std::nullopt;
  if (n_others > 0) {
    const auto rest = rest_of(layout, n_others, n_others * tasks + n_with_more);
    auto others = place_others(request, rest, former, open);
    if (!others) return std::nullopt;
    std::ranges::move(others->parts, std::back_inserter(parts));
  }
  std::ranges::sort(parts, comes_before);
  return Placement{now_, std::move(parts)};
}

/// Below the same switches as those that it has again, if it can be.
std::optional<Placement> Timeline::place_others(const Request& request, const model::Layout& rest,
                                                const std::vector<Former>& former,
                                                const KindSet& open) const {
  const Request others{
      .layout = rest,
      .duration = request.duration,
      .limit = request.limit,
      .nodes = std::make_shared<const Selection>(without(*request.nodes, *request.former)),
      .licenses = request.licenses};
  std::set<std::string> switches;
  for (const auto& [node, kind, room] : former) {
    if (!kinds_.kind(kind).switches.empty()) switches.insert(kinds_.kind(kind).switches.back());
  }
  auto near = open;
  for (std::size_t i = 0; i < near.size(); ++i) {
    const auto& above = kinds_.kind(i).switches;
    near[i] = near[i] && !above.empty() && switches.contains(above.back());
  }
  if (auto placement = switches.empty() ? std::nullopt : place_on_nodes(others, near))
    return placement;
  return place_on_nodes(others, open);
}

}  // namespace policy
