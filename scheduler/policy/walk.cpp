// The search for the first moment at which a request fits.

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"
#include "scheduler/policy/timeline.h"

namespace policy {

using base::Time;
using scheduler::Node;

/// Goes from one moment to the next. A node without reservations only ever has more than before, so
/// it is looked at when a job there ends.
class Timeline::Walk {
 public:
  Walk(const Timeline& timeline, const Request& request);

  std::optional<Placement> first_placement();
  std::optional<Placement> placement_at(Time start);

 private:
  /// A node that got something back, or is looked at by itself for its name.
  struct Grown {
    model::NodeId node;
    std::size_t kind;
    Amounts free;
    int room_in_group;  // what its group counts for it
    int room;
    bool is_barred;  // the request must not use it
  };
  struct Lone {
    const Lane* lane;
    std::size_t kind;
    int room;
  };

  int room(std::size_t kind, const Amounts& free) const {
    return room_in(request_.layout, free, timeline_.whole(kind));
  }
  std::optional<Time> next_moment() const;
  void pass(Time at);
  void pass_running(Time at);
  void pass_started(Time at);
  void pass_apart(Time at);
  void pass_bookings(Time at);
  bool has_licenses(Time at) const;
  Grown* grown(model::NodeId id);
  Grown* add_grown(model::NodeId id, std::size_t kind, bool is_barred);
  void look_at_named();
  void give_back(model::NodeId id, const Amounts& amounts);
  std::optional<Placement> placement(Time at) const;
  std::optional<Placement> best_fit(Time at) const;
  std::optional<Placement> best_fit(Time at, int least) const;
  Placement on_first_node(Time at) const;

  const Timeline& timeline_;
  const Request& request_;
  const Selection& nodes_;
  KindSet open_;
  Marks marks_;
  Roominess roominess_;
  std::vector<Grown> grown_;
  std::vector<std::uint32_t> place_of_grown_;  // in the above, from 1 on; by number of the node
  std::vector<Lone> apart_;                    // allowed ones
  std::vector<Time> changes_;                  // of those, of licenses and of bookings
  scheduler::Ends::const_iterator running_;
  std::vector<EndOfStarted> ends_of_started_;  // in order of time
  std::vector<EndOfStarted>::const_iterator started_;
  std::vector<Time>::const_iterator change_;
};

Timeline::Walk::Walk(const Timeline& timeline, const Request& request)
    : timeline_(timeline),
      request_(request),
      nodes_(*request.nodes),
      open_(timeline.kinds_.open_kinds(nodes_, timeline.now_, request.limit)),
      marks_(timeline.nodes_.marks()),
      roominess_(timeline.nodes_.roominess(request, open_)),
      place_of_grown_(marks_.size()),
      running_(timeline.state_.expected_ends.begin()),
      ends_of_started_(timeline.ends_of_started_) {
  std::ranges::sort(ends_of_started_, {}, &EndOfStarted::at);
  started_ = ends_of_started_.begin();
  const bool are_named = nodes_.is_listed || !nodes_.never.empty();
  for (const auto& [lane, kind] : timeline.apart_) {
    if (!nodes_.kinds[kind]) continue;
    if (are_named && !timeline.kinds_.is_selected(nodes_, lane->node())) continue;
    apart_.push_back({lane, kind, 0});
    lane->add_changes(changes_);
  }
  if (are_named) look_at_named();
  timeline.licenses_.add_changes(request.licenses, changes_);
  timeline.kinds_.add_openings(nodes_, timeline.now_, changes_);
  std::ranges::sort(changes_);
  change_ = std::ranges::upper_bound(changes_, timeline.now_);
}

/// Nodes that are listed are in no group; those that are barred are there, but count for nothing.
void Timeline::Walk::look_at_named() {
  for (const bool is_barred : {true, false}) {
    for (const auto id : is_barred ? nodes_.never : nodes_.only) {
      const auto kind = timeline_.kinds_.place_of(id);
      if (kind == timeline_.kinds_.size() || !nodes_.kinds[kind]) continue;
      if (place_of_grown_[id.number()] > 0 || marks_[id.number()] == Whereabouts::alone) continue;
      if (timeline_.state_.ready.free[id.number()]) add_grown(id, kind, is_barred);
    }
  }
}

std::optional<Placement> Timeline::Walk::first_placement() {
  const bool only_grow = timeline_.apart_.empty();
  while (const auto at = next_moment()) {
    pass_running(*at);
    pass_bookings(*at);
    if (only_grow && roominess_.is_enough() && has_licenses(*at)) return placement(*at);
    pass_started(*at);
    pass_apart(*at);
    if (roominess_.is_enough() && has_licenses(*at)) return placement(*at);
  }
  return std::nullopt;
}

std::optional<Placement> Timeline::Walk::placement_at(Time start) {
  for (auto at = next_moment(); at && *at <= start; at = next_moment()) {
    pass_running(*at);
    pass_started(*at);
    pass_apart(*at);
  }
  pass_bookings(start);
  pass_apart(start);
  if (!roominess_.is_enough() || !has_licenses(start)) return std::nullopt;
  return best_fit(start);
}

bool Timeline::Walk::has_licenses(Time at) const {
  return timeline_.licenses_.are_free(request_.licenses, at, end_of(at, request_.duration));
}

std::optional<Time> Timeline::Walk::next_moment() const {
  std::optional<Time> next;
  const auto consider = [&next](Time at) { next = next ? std::min(*next, at) : at; };
  if (running_ != timeline_.state_.expected_ends.end())
    consider(when_over(running_->first.at, timeline_.now_));
  if (started_ != ends_of_started_.end()) consider(started_->at);
  if (change_ != changes_.end()) consider(*change_);
  return next;
}

void Timeline::Walk::pass_running(Time at) {
  const auto& ends = timeline_.state_.expected_ends;
  for (; running_ != ends.end() && when_over(running_->first.at, timeline_.now_) == at;
       ++running_) {
    for (const auto& each : running_->second) give_back(each.node, timeline_.amounts_of(each));
  }
}

void Timeline::Walk::pass_started(Time at) {
  for (; started_ != ends_of_started_.end() && started_->at == at; ++started_)
    give_back(started_->node, policy::amounts_of(started_->demand));
}

void Timeline::Walk::pass_apart(Time at) {
  while (change_ != changes_.end() && *change_ == at) ++change_;
  for (auto& [lane, kind, room_before] : apart_) {
    const auto end = end_of(at, request_.duration);
    const int room_now = open_[kind] ? room(kind, lane->least(at, end)) : 0;
    roominess_.change(std::exchange(room_before, room_now), room_now);
  }
}

/// Other kinds of nodes may be open than before: what there is counted anew.
void Timeline::Walk::pass_bookings(Time at) {
  if (!timeline_.kinds_.has_bookings()) return;
  auto open = timeline_.kinds_.open_kinds(nodes_, at, request_.limit);
  if (open == open_) return;
  open_ = std::move(open);
  roominess_ = timeline_.nodes_.roominess(request_, open_);
  for (const auto& node : grown_) {
    if (open_[node.kind]) roominess_.change(node.room_in_group, node.room);
  }
  for (auto& lone : apart_) lone.room = 0;
}

void Timeline::Walk::give_back(model::NodeId id, const Amounts& amounts) {
  auto* node = grown(id);
  if (node == nullptr || node->is_barred) return;
  node->free += amounts;
  const int room_now = room(node->kind, node->free);
  const int room_before = std::exchange(node->room, room_now);
  if (open_[node->kind]) roominess_.change(room_before, room_now);
}

/// nullptr: what the node gets back is of no use, or its lane says so.
Timeline::Walk::Grown* Timeline::Walk::grown(model::NodeId id) {
  if (const auto place = place_of_grown_[id.number()]; place > 0) return &grown_[place - 1];
  if (nodes_.is_listed || marks_[id.number()] == Whereabouts::alone) return nullptr;
  if (!timeline_.state_.ready.free[id.number()]) return nullptr;
  const auto kind = timeline_.kinds_.place_of(id);
  if (kind == timeline_.kinds_.size() || !nodes_.kinds[kind]) return nullptr;
  return add_grown(id, kind, false);
}

Timeline::Walk::Grown* Timeline::Walk::add_grown(model::NodeId id, std::size_t kind,
                                                 bool is_barred) {
  auto free = *timeline_.state_.ready.free[id.number()];
  if (std::exchange(marks_[id.number()], Whereabouts::alone) == Whereabouts::pass)
    free = timeline_.lanes_.at(id).free_now();
  const int room_now = room(kind, free);
  const bool is_in_group = !nodes_.is_listed && room_now >= least_room(request_.layout);
  grown_.push_back({.node = id,
                    .kind = kind,
                    .free = free,
                    .room_in_group = is_in_group ? room_now : 0,
                    .room = is_barred ? 0 : room_now,
                    .is_barred = is_barred});
  auto& added = grown_.back();
  if (open_[kind]) roominess_.change(added.room_in_group, added.room);
  place_of_grown_[id.number()] = static_cast<std::uint32_t>(grown_.size());
  return &added;
}

std::optional<Placement> Timeline::Walk::placement(Time at) const {
  const bool only_returns = !timeline_.kinds_.has_bookings() && request_.licenses == nullptr;
  if (only_returns && timeline_.has_reservations_ && timeline_.is_for_one_node(request_.layout))
    return on_first_node(at);
  return best_fit(at);
}

std::optional<Placement> Timeline::Walk::best_fit(Time at) const {
  return place_best(request_.layout, [&](int least) { return best_fit(at, std::max(least, 1)); });
}

/// On nodes that have room for so many tasks.
std::optional<Placement> Timeline::Walk::best_fit(Time at, int least) const {
  auto shelves = timeline_.nodes_.shelves(request_, open_, least);
  std::vector<Absentee> absent;
  for (const auto& each : grown_) {
    if (open_[each.kind] && each.room_in_group >= least)
      absent.push_back({each.kind, each.room_in_group});
  }
  // Where one node is to take all tasks, none with more room than another that does is chosen.
  const bool is_for_one = least == request_.layout.tasks;
  int most = std::numeric_limits<int>::max();
  const auto add = [&](model::NodeId node, std::size_t kind, int room) {
    if (!open_[kind] || room < least || room > most) return;
    if (is_for_one) most = room;
    shelves.push_back({.room = room, .alone = node, .kind = kind});
  };
  for (const auto& each : grown_) add(each.node, each.kind, each.room);
  for (const auto& [lane, kind, room] : apart_) add(lane->node().id, kind, room);
  return timeline_.spread_over(request_, std::move(shelves), absent, marks_, at);
}

/// The first in the order of names that takes all tasks, of those that have got something back.
Placement Timeline::Walk::on_first_node(Time at) const {
  const int tasks = request_.layout.tasks;
  const Node* first = nullptr;
  const auto consider = [&](const Node& node, std::size_t kind, int room) {
    if (!open_[kind] || room < tasks) return;
    if (first == nullptr || scheduler::NameOrder()(node.info.name, first->info.name)) first = &node;
  };
  for (const auto& each : grown_)
    consider(timeline_.state_.nodes.at(each.node), each.kind, each.room);
  for (const auto& [lane, kind, room] : apart_) consider(lane->node(), kind, room);
  base::check(first != nullptr, "what makes room for all tasks is a node that got something back");
  return {at, {{{&first->info.name, first->id}, tasks}}};
}

std::optional<Placement> Timeline::place_later(const Request& request) const {
  return Walk(*this, request).first_placement();
}

std::optional<Placement> Timeline::place_at(const Request& request, Time start) const {
  return Walk(*this, request).placement_at(start);
}

}  // namespace policy
