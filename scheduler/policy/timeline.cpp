#include "scheduler/policy/timeline.h"

#include <algorithm>
#include <utility>

#include "scheduler/policy/place.h"

namespace policy {

using base::Time;
using scheduler::Node;

Timeline::Timeline(const scheduler::View& view, Time now)
    : state_(view.state),
      now_(now),
      kinds_(view),
      switches_(kinds_),
      nodes_(view, kinds_),
      licenses_(view, now) {}

/// All that is free together is not enough: true for most of a backlog.
bool Timeline::is_hopeless(const Request& request, const KindSet& open) const {
  std::int64_t cores = 0;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open[i]) cores += nodes_.free_cores(i);
  }
  return std::int64_t{request.layout.tasks} * request.layout.cpus_per_task > cores;
}

Amounts Timeline::free_now(model::NodeId node) const {
  const auto lane = lanes_.find(node);
  return lane == lanes_.end() ? *state_.ready.free[node.number()] : lane->second.free_now();
}

Amounts Timeline::whole_of(model::NodeId node) const {
  return scheduler::whole_of(state_.nodes.at(node).kind);
}

bool Timeline::lacks_licenses(const Request& request) const {
  return !licenses_.are_free(request.licenses, now_, end_of(now_, request.duration));
}

bool Timeline::would_fit_without_bookings(const Request& request) const {
  return kinds_.has_bookings() && place_on_nodes(request, request.nodes->kinds).has_value();
}

std::optional<Placement> Timeline::place_now(const Request& request) const {
  const auto open = kinds_.open_kinds(*request.nodes, now_, request.limit);
  if (is_hopeless(request, open) || lacks_licenses(request)) return std::nullopt;
  const auto& preferred = request.nodes->preferred;
  if (!preferred.empty()) {
    auto first = open;
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = first[i] && preferred[i];
    if (auto placement = place_on_nodes(request, first)) return placement;
  }
  return place_on_nodes(request, open);
}

std::optional<Placement> Timeline::place_on_nodes(const Request& request,
                                                  const KindSet& open) const {
  if (request.former != nullptr) {
    if (auto again = place_again(request, open)) return again;
  }
  return place_best(request.layout,
                    [&](int least) { return place_on_roomy(request, open, least); });
}

/// On nodes that have room for so many tasks.
std::optional<Placement> Timeline::place_on_roomy(const Request& request, const KindSet& open,
                                                  int least) const {
  auto shelves = nodes_.shelves(request, open, least);
  const auto add = [&](model::NodeId node, std::size_t kind, const Amounts& free) {
    const int room = room_in(request.layout, free, whole(kind));
    if (room >= std::max(least, 1)) shelves.push_back({.room = room, .alone = node, .kind = kind});
  };
  const bool are_named = request.nodes->is_listed || !request.nodes->never.empty();
  for (const auto& [lane, kind] : apart_) {
    if (!open[kind] || (are_named && !kinds_.is_selected(*request.nodes, lane->node()))) continue;
    add(lane->node().id, kind, lane->least(now_, end_of(now_, request.duration)));
  }
  if (!are_named) return spread_over(request, std::move(shelves), {}, nodes_.marks(), now_);
  for (const auto node : request.nodes->only) {
    const auto kind = kinds_.place_of(node);
    if (kind == kinds_.size() || !open[kind] || !allows(request, node)) continue;
    if (nodes_.mark_of(node) != Whereabouts::alone) add(node, kind, free_now(node));
  }
  auto marks = nodes_.marks();
  const auto absent = bar(request, open, marks);
  return spread_over(request, std::move(shelves), absent, marks, now_);
}

/// Nodes that the request must not use are marked as not being on the shelves.
std::vector<Absentee> Timeline::bar(const Request& request, const KindSet& open,
                                    Marks& marks) const {
  std::vector<Absentee> absent;
  if (request.nodes->is_listed) return absent;
  for (const auto node : request.nodes->never) {
    const auto kind = kinds_.place_of(node);
    if (kind == kinds_.size() || !open[kind]) continue;
    if (std::exchange(marks[node.number()], Whereabouts::alone) == Whereabouts::alone) continue;
    if (!state_.ready.free[node.number()]) continue;
    const int room = room_in(request.layout, free_now(node), whole(kind));
    if (room >= least_room(request.layout)) absent.push_back({kind, room});
  }
  return absent;
}

std::optional<Placement> Timeline::spread_over(const Request& request, std::vector<Shelf> shelves,
                                               const std::vector<Absentee>& absent,
                                               const Marks& marks, Time at) const {
  auto parts =
      switches_.spread_near(request.layout, std::move(shelves), absent, marks, state_.nodes);
  if (!parts) return std::nullopt;
  return Placement{at, std::move(*parts)};
}

bool Timeline::is_for_one_node(const model::Layout& layout) const {
  if (layout.most_tasks_per_node && *layout.most_tasks_per_node < layout.tasks) return false;
  return layout.nodes ? *layout.nodes == 1 : layout.tasks == 1 || nodes_.n_nodes() == 1;
}

Lane& Timeline::lane_of(model::NodeId id) {
  const auto known = lanes_.find(id);
  if (known != lanes_.end()) return known->second;
  return lanes_.emplace(id, state_, state_.nodes.at(id), now_).first->second;
}

/// Its lane is the one place that knows what is free on the node, from now on.
Lane& Timeline::set_apart(model::NodeId id) {
  auto& lane = lane_of(id);
  if (nodes_.mark_of(id) == Whereabouts::alone) return lane;
  const auto kind = kinds_.place_of(lane.node().id);
  nodes_.set_apart(lane.node(), kind, lane.free_now());
  apart_.push_back({&lane, kind});
  return lane;
}

/// Between `at` and its expected end a running job holds more or less than was thought.
template <class Change>
void Timeline::change_until_end(const scheduler::Job& job, Time at, Change change) {
  const auto expected = scheduler::expected_end(job);
  const auto end = expected ? when_over(*expected, now_) : Time::max();
  if (end <= at) return;
  for (const auto& share : scheduler::active_attempt(job)->allocation.nodes) {
    if (kinds_.place_of(share.node) < kinds_.size())
      change(set_apart(share.node), policy::amounts_of(share, state_.nodes.at(share.node)), at,
             end);
  }
  change(licenses_, &job.spec->licenses, at, end);
}

void Timeline::end_early(const scheduler::Job& job, Time at) {
  change_until_end(job, at, [](auto& of, const auto& amounts, Time from, Time to) {
    of.give(amounts, from, to);
  });
  if (at <= now_) count_cores(job, 1);
}

void Timeline::end_as_expected(const scheduler::Job& job, Time at) {
  change_until_end(job, at, [](auto& of, const auto& amounts, Time from, Time to) {
    of.take(amounts, from, to);
  });
  if (at <= now_) count_cores(job, -1);
}

/// What the job holds is free now, or no longer.
void Timeline::count_cores(const scheduler::Job& job, int sign) {
  for (const auto& share : scheduler::active_attempt(job)->allocation.nodes) {
    const auto kind = kinds_.place_of(share.node);
    if (kind >= kinds_.size()) continue;
    nodes_.take_cores(kind, -sign * policy::amounts_of(share, state_.nodes.at(share.node)).cores);
  }
}

bool Timeline::allows(const Request& request, model::NodeId id) const {
  const auto& node = state_.nodes.at(id);
  return scheduler::may_take_work(node) && kinds_.is_selected(*request.nodes, node);
}

int Timeline::tasks_without(const Request& request, model::NodeId id,
                            const std::vector<const scheduler::Job*>& jobs) const {
  auto free = free_now(id);
  for (const auto* job : jobs) {
    for (const auto& share : scheduler::active_attempt(*job)->allocation.nodes) {
      if (share.node == id) free += policy::amounts_of(share, state_.nodes.at(id));
    }
  }
  return room_in(request.layout, free, whole_of(id));
}

Amounts Timeline::amounts_of(const scheduler::Return& each) const {
  if (!state_.held_back.contains(each.node)) return each.amounts;
  const auto& nodes = scheduler::active_attempt(state_.jobs.at(each.job))->allocation.nodes;
  const auto share = std::ranges::find(nodes, each.node, &model::NodeShare::node);
  return policy::amounts_of(*share, state_.nodes.at(each.node));
}

Amounts Timeline::usable_of(model::NodeId id) const {
  return policy::usable_of(state_.nodes.at(id));
}

bool Timeline::fits_when_empty(const Request& request) const {
  Roominess roominess(request.layout);
  const auto& nodes = *request.nodes;
  const auto room = [&](const Amounts& usable, const Amounts& all) {
    return room_in(request.layout, usable, all);
  };
  for (std::size_t i = 0; i < kinds_.size() && !nodes.is_listed; ++i) {
    if (nodes.kinds[i]) roominess.add(room(whole(i), whole(i)), kinds_.ready(i).n_nodes);
  }
  const auto is_added = [&](model::NodeId node) {
    const auto kind = kinds_.place_of(node);
    return !nodes.is_listed && kind < kinds_.size() && nodes.kinds[kind] &&
           scheduler::may_take_work(state_.nodes.at(node));
  };
  for (const auto node : state_.held_back) {
    const auto all = whole_of(node);
    if (is_added(node)) roominess.change(room(all, all), room(usable_of(node), all));
  }
  for (const auto node : nodes.only) {
    if (allows(request, node)) roominess.add(room(usable_of(node), whole_of(node)), 1);
  }
  for (const auto node : nodes.never) {
    if (is_added(node)) roominess.change(room(usable_of(node), whole_of(node)), 0);
  }
  return roominess.is_enough();
}

bool Timeline::is_free(const Request& request, const Placement& placement) const {
  const auto end = end_of(placement.start, request.duration);
  if (!licenses_.are_free(request.licenses, placement.start, end)) return false;
  return std::ranges::all_of(placement.parts, [&](const Part& part) {
    const auto known = lanes_.find(part.place.node);
    const auto free =
        known != lanes_.end()
            ? known->second.least(placement.start, end)
            : Lane(state_, state_.nodes.at(part.place.node), now_).least(placement.start, end);
    const auto demand = demand_on(request.layout, part.tasks, whole_of(part.place.node));
    return free.cores >= demand.cores && free.gpus >= demand.gpus && free.memory >= demand.memory;
  });
}

void Timeline::hold(const Request& request, model::NodeId id, Time from, Time to) {
  const auto kind = kinds_.place_of(id);
  if (kind == kinds_.size()) return;
  const auto& layout = request.layout;
  const int n_nodes = layout.nodes.value_or(1);
  auto& lane = set_apart(id);
  const int room = room_in(layout, lane.least(from, to), whole(kind));
  const int tasks = std::min(room, (layout.tasks + n_nodes - 1) / n_nodes);
  if (tasks == 0) return;
  has_reservations_ = true;
  lane.take(policy::amounts_of(demand_on(layout, tasks, whole(kind))), from, to);
}

void Timeline::hold_licenses(const Request& request, Time from, Time to) {
  licenses_.take(request.licenses, from, to);
}

void Timeline::reserve(const Request& request, const Placement& placement) {
  has_reservations_ = true;
  const auto end = end_of(placement.start, request.duration);
  for (const auto& [place, tasks] : placement.parts) {
    const auto demand = demand_on(request.layout, tasks, whole_of(place.node));
    set_apart(place.node).take(policy::amounts_of(demand), placement.start, end);
  }
  licenses_.take(request.licenses, placement.start, end);
}

model::Allocation Timeline::allocate(const Request& request, const Placement& placement) {
  const auto end = end_of(now_, request.duration);
  model::Allocation allocation;
  for (const auto& [place, tasks] : placement.parts) {
    auto& lane = lane_of(place.node);
    const auto kind = kinds_.place_of(lane.node().id);
    const auto demand = demand_on(request.layout, tasks, whole(kind));
    const auto before = lane.free_now();
    allocation.nodes.push_back(lane.pick(demand));
    lane.take(policy::amounts_of(demand), now_, end);
    if (nodes_.mark_of(place.node) != Whereabouts::alone)
      nodes_.move(lane.node(), kind, before, lane.free_now());
    nodes_.take_cores(kind, demand.cores);
    if (end != Time::max()) ends_of_started_.push_back({end, place.node, demand});
  }
  licenses_.take(request.licenses, now_, end);
  return allocation;
}

}  // namespace policy
