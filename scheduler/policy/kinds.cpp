#include "scheduler/policy/kinds.h"

#include <algorithm>

namespace policy {

using base::Time;

Request with_layout(const Request& request, const model::Layout& layout) {
  return {.layout = layout,
          .duration = request.duration,
          .limit = request.limit,
          .nodes = request.nodes,
          .licenses = request.licenses,
          .former = request.former};
}

Kinds::Kinds(const scheduler::View& view) : state_(view.state) {
  for (const auto& [kind, ready] : view.state.ready.kinds) {
    if (std::ranges::find(view.pools, kind.pool) == view.pools.end()) continue;
    auto& added = kinds_.emplace_back(Kind{.kind = &kind, .ready = &ready, .windows = {}});
    for (const auto& name : kind.bookings) {
      const auto& booking = view.state.bookings.at(name).booking;
      added.windows.push_back({.booking = &name, .start = booking.start, .end = booking.end});
      has_bookings_ = true;
    }
    if (!kind.stays_until) continue;
    added.windows.push_back({.booking = nullptr, .start = *kind.stays_until, .end = Time::max()});
    has_bookings_ = true;
  }
  is_only_kind_ = kinds_.size() == 1 && view.state.ready.kinds.size() == 1;
}

std::size_t Kinds::place_of(model::NodeId node) const {
  if (is_only_kind_) return state_.ready.free[node.number()] ? 0 : 1;
  if (place_by_node_.empty()) {
    place_by_node_.resize(state_.ready.free.size(), static_cast<std::uint32_t>(kinds_.size()));
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      for (const auto& [free, nodes] : kinds_[i].ready->by_free) {
        for (const auto& [name, id] : nodes)
          place_by_node_[id.number()] = static_cast<std::uint32_t>(i);
      }
    }
  }
  return place_by_node_[node.number()];
}

/// Some of them, and not all; else none.
KindSet Kinds::of_tier(const KindSet& kinds, model::Tier tier) const {
  KindSet found(kinds.size());
  bool is_any = false;
  bool are_all = true;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (!kinds[i]) continue;
    found[i] = kinds_[i].kind->tier == tier;
    is_any = is_any || found[i];
    are_all = are_all && found[i];
  }
  return is_any && !are_all ? found : KindSet();
}

Selection Kinds::select(const MayUsePool& may_use, const model::NodeChoice& choice) const {
  Selection selection{.kinds = {},
                      .is_listed = !choice.only.empty(),
                      .only = {},
                      .never = {},
                      .booking = choice.booking};
  for (const auto& each : kinds_) {
    selection.kinds.push_back(may_use(each.kind->pool) &&
                              scheduler::has_chosen(*each.kind, choice));
  }
  selection.preferred = of_tier(selection.kinds, model::preferred(choice.tiers));
  const auto add = [&](const std::vector<std::string>& names, std::vector<model::NodeId>& nodes) {
    for (const auto& name : names) {
      const auto known = state_.node_by_name.find(name);
      if (known != state_.node_by_name.end()) nodes.push_back(known->second);
    }
    std::ranges::sort(nodes);
  };
  add(choice.only, selection.only);
  add(choice.never, selection.never);
  return selection;
}

std::set<std::string> Kinds::pools_of(const Selection& selection) const {
  std::set<std::string> pools;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (selection.kinds[i]) pools.insert(kinds_[i].kind->pool);
  }
  return pools;
}

scheduler::Amounts Kinds::smallest(const Selection& selection, const std::string& pool) const {
  std::optional<scheduler::Amounts> smallest;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (!selection.kinds[i] || kinds_[i].kind->pool != pool) continue;
    const auto whole = scheduler::whole_of(*kinds_[i].kind);
    smallest = smallest ? scheduler::least_of(*smallest, whole) : whole;
  }
  return smallest.value_or(scheduler::Amounts());
}

std::shared_ptr<const Selection> Kinds::only_in(const std::shared_ptr<const Selection>& selection,
                                                const std::set<std::string>& pools) const {
  auto narrowed = std::make_shared<Selection>(*selection);
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    narrowed->kinds[i] = selection->kinds[i] && pools.contains(kinds_[i].kind->pool);
  return narrowed;
}

std::shared_ptr<const Selection> Kinds::lasting(const std::shared_ptr<const Selection>& selection,
                                                Time now, base::Duration limit) const {
  if (!has_bookings_) return selection;
  auto narrowed = std::make_shared<Selection>(*selection);
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    for (const auto& window : kinds_[i].windows) {
      if (window.is_end() && end_of(now, limit) > window.start) narrowed->kinds[i] = false;
    }
  }
  return narrowed;
}

bool Kinds::is_selected(const Selection& selection, const scheduler::Node& node) const {
  const auto place = place_of(node.id);
  if (place == kinds_.size() || !selection.kinds[place]) return false;
  if (std::ranges::binary_search(selection.never, node.id)) return false;
  return !selection.is_listed || std::ranges::binary_search(selection.only, node.id);
}

KindSet Kinds::open_kinds(const Selection& selection, Time start, base::Duration duration) const {
  auto open = selection.kinds;
  if (!has_bookings_) return open;
  const auto end = end_of(start, duration);
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    for (const auto& window : kinds_[i].windows) {
      const bool is_ours = !window.is_end() && *window.booking == selection.booking;
      const bool is_inside = window.start <= start && end <= window.end;
      const bool is_apart = window.end <= start || (end <= window.start && start < window.start);
      if (is_ours ? !is_inside : !is_apart) open[i] = false;
    }
  }
  return open;
}

void Kinds::add_openings(const Selection& selection, Time now, std::vector<Time>& times) const {
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (!selection.kinds[i]) continue;
    for (const auto& window : kinds_[i].windows) {
      if (window.is_end()) continue;  // it does not open again
      const auto opening = *window.booking == selection.booking ? window.start : window.end;
      if (opening > now) times.push_back(opening);
    }
  }
}

}  // namespace policy
