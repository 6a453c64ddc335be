#include "scheduler/policy/timeline.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"

namespace policy {

using base::Time;
using scheduler::Amounts;
using scheduler::Node;

namespace {

int room_in(const model::Layout& layout, const Amounts& free) {
  return tasks_that_fit(layout, free.cores, free.gpus, free.memory);
}

Shelf shelf_of(int room, model::NodeId node) {
  return {.room = room, .alone = node};
}

}  // namespace

Timeline::Timeline(const scheduler::View& view, Time now)
    : state_(view.state),
      pools_(view.pools),
      now_(now),
      nodes_(view),
      free_cores_by_pool_(view.pools.size()) {
  for (std::size_t i = 0; i < view.pools.size(); ++i) {
    const auto ready = state_.ready.pools.find(view.pools[i]);
    if (ready != state_.ready.pools.end()) free_cores_by_pool_[i] = ready->second.free_cores;
  }
}

/// All that is free together is not enough: true for most of a backlog.
bool Timeline::is_hopeless_now(const Request& request) const {
  std::int64_t cores = 0;
  for (std::size_t i = 0; i < request.pools.size(); ++i) {
    if (request.pools[i]) cores += free_cores_by_pool_[i];
  }
  return std::int64_t{request.layout.tasks} * request.layout.cpus_per_task > cores;
}

std::optional<Placement> Timeline::place_now(const Request& request) const {
  if (is_hopeless_now(request)) return std::nullopt;
  auto shelves = nodes_.shelves(request);
  for (const Lane* lane : apart_) {
    if (!nodes_.allows(request, lane->node())) continue;
    const auto free = lane->least(now_, end_of(now_, request.duration));
    if (const int room = room_in(request.layout, free); room > 0)
      shelves.push_back(shelf_of(room, lane->node().id));
  }
  auto parts = spread(request.layout, std::move(shelves), nodes_.marks(), state_.nodes);
  if (!parts) return std::nullopt;
  return Placement{now_, std::move(*parts)};
}

/// Goes from one moment to the next. A node without reservations only ever has more than before, so
/// it is looked at when a job there ends.
class Timeline::Walk {
 public:
  Walk(const Timeline& timeline, const Request& request);

  std::optional<Placement> first_placement();
  std::optional<Placement> placement_at(Time start);

 private:
  /// A node that got something back.
  struct Grown {
    model::NodeId node;
    Amounts free;
    int room;
  };

  int room(const Amounts& free) const { return room_in(request_.layout, free); }
  std::optional<Time> next_moment() const;
  void pass_running(Time at);
  void pass_started(Time at);
  void pass_apart(Time at);
  Grown* grown(model::NodeId id);
  void give_back(model::NodeId id, const Amounts& amounts);
  std::optional<Placement> placement(Time at) const;
  std::optional<Placement> best_fit(Time at) const;
  Placement on_first_node(Time at) const;

  const Timeline& timeline_;
  const Request& request_;
  bool allows_all_;
  Marks marks_;
  Roominess roominess_;
  std::vector<Grown> grown_;
  std::vector<std::uint32_t> place_of_grown_;  // in the above, from 1 on; by number of the node
  std::vector<std::pair<const Lane*, int>> apart_;  // allowed ones, and their rooms
  std::vector<Time> changes_;                       // of those
  scheduler::Ends::const_iterator running_;
  std::vector<EndOfStarted> ends_of_started_;  // in order of time
  std::vector<EndOfStarted>::const_iterator started_;
  std::vector<Time>::const_iterator change_;
};

Timeline::Walk::Walk(const Timeline& timeline, const Request& request)
    : timeline_(timeline),
      request_(request),
      allows_all_(std::ranges::find(request.pools, false) == request.pools.end()),
      marks_(timeline.nodes_.marks()),
      roominess_(timeline.nodes_.roominess(request)),
      place_of_grown_(marks_.size()),
      running_(timeline.state_.expected_ends.begin()),
      ends_of_started_(timeline.ends_of_started_) {
  std::ranges::sort(ends_of_started_, {}, &EndOfStarted::at);
  started_ = ends_of_started_.begin();
  for (const Lane* lane : timeline.apart_) {
    if (!timeline.nodes_.allows(request, lane->node())) continue;
    apart_.emplace_back(lane, 0);
    std::ranges::copy(lane->changes(), std::back_inserter(changes_));
  }
  std::ranges::sort(changes_);
  change_ = std::ranges::upper_bound(changes_, timeline.now_);
}

std::optional<Placement> Timeline::Walk::first_placement() {
  const bool only_grow = timeline_.apart_.empty();
  while (const auto at = next_moment()) {
    pass_running(*at);
    if (only_grow && roominess_.is_enough()) return placement(*at);
    pass_started(*at);
    pass_apart(*at);
    if (roominess_.is_enough()) return placement(*at);
  }
  return std::nullopt;
}

std::optional<Placement> Timeline::Walk::placement_at(Time start) {
  for (auto at = next_moment(); at && *at <= start; at = next_moment()) {
    pass_running(*at);
    pass_started(*at);
    pass_apart(*at);
  }
  pass_apart(start);
  if (!roominess_.is_enough()) return std::nullopt;
  return best_fit(start);
}

std::optional<Time> Timeline::Walk::next_moment() const {
  std::optional<Time> next;
  const auto consider = [&next](Time at) { next = next ? std::min(*next, at) : at; };
  if (running_ != timeline_.state_.expected_ends.end())
    consider(when_over(running_->first, timeline_.now_));
  if (started_ != ends_of_started_.end()) consider(started_->at);
  if (change_ != changes_.end()) consider(*change_);
  return next;
}

void Timeline::Walk::pass_running(Time at) {
  const auto& ends = timeline_.state_.expected_ends;
  for (; running_ != ends.end() && when_over(running_->first, timeline_.now_) == at; ++running_) {
    for (const auto& each : running_->second) give_back(each.node, each.amounts);
  }
}

void Timeline::Walk::pass_started(Time at) {
  for (; started_ != ends_of_started_.end() && started_->at == at; ++started_)
    give_back(started_->node, amounts_of(started_->demand));
}

void Timeline::Walk::pass_apart(Time at) {
  while (change_ != changes_.end() && *change_ == at) ++change_;
  for (auto& [lane, room_before] : apart_) {
    const int room_now = room(lane->least(at, end_of(at, request_.duration)));
    roominess_.change(std::exchange(room_before, room_now), room_now);
  }
}

void Timeline::Walk::give_back(model::NodeId id, const Amounts& amounts) {
  auto* node = grown(id);
  if (node == nullptr) return;
  add(node->free, amounts);
  const int room_now = room(node->free);
  roominess_.change(std::exchange(node->room, room_now), room_now);
}

/// nullptr: what the node gets back is of no use, or its lane says so.
Timeline::Walk::Grown* Timeline::Walk::grown(model::NodeId id) {
  auto& place = place_of_grown_[id.number()];
  if (place > 0) return &grown_[place - 1];
  auto free = timeline_.state_.ready.free[id.number()];
  if (!free || marks_[id.number()] == Whereabouts::alone) return nullptr;
  if (!allows_all_ && !timeline_.nodes_.allows(request_, timeline_.state_.nodes.at(id)))
    return nullptr;
  if (std::exchange(marks_[id.number()], Whereabouts::alone) == Whereabouts::pass)
    free = timeline_.lanes_.at(id).free_now();
  grown_.push_back({.node = id, .free = *free, .room = room(*free)});
  place = static_cast<std::uint32_t>(grown_.size());
  return &grown_.back();
}

std::optional<Placement> Timeline::Walk::placement(Time at) const {
  if (timeline_.has_reservations_ && timeline_.is_for_one_node(request_.layout))
    return on_first_node(at);
  return best_fit(at);
}

std::optional<Placement> Timeline::Walk::best_fit(Time at) const {
  auto shelves = timeline_.nodes_.shelves(request_);
  for (const auto& grown : grown_) {
    if (grown.room > 0) shelves.push_back(shelf_of(grown.room, grown.node));
  }
  for (const auto& [lane, room] : apart_) {
    if (room > 0) shelves.push_back(shelf_of(room, lane->node().id));
  }
  auto parts = spread(request_.layout, std::move(shelves), marks_, timeline_.state_.nodes);
  if (!parts) return std::nullopt;
  return Placement{at, std::move(*parts)};
}

/// The first in the order of names that takes all tasks.
Placement Timeline::Walk::on_first_node(Time at) const {
  const int tasks = request_.layout.tasks;
  const Node* first = nullptr;
  const auto consider = [&](const Node& node, int room) {
    if (room < tasks) return;
    if (first == nullptr || scheduler::NameOrder()(node.info.name, first->info.name)) first = &node;
  };
  for (const auto& grown : grown_) consider(timeline_.state_.nodes.at(grown.node), grown.room);
  for (const auto& [lane, room] : apart_) consider(lane->node(), room);
  base::check(first != nullptr, "enough room for all tasks of one node is on one node");
  return {at, {{{&first->info.name, first->id}, tasks}}};
}

bool Timeline::is_for_one_node(const model::Layout& layout) const {
  if (layout.most_tasks_per_node && *layout.most_tasks_per_node < layout.tasks) return false;
  return layout.nodes ? *layout.nodes == 1 : layout.tasks == 1 || nodes_.n_nodes() == 1;
}

std::optional<Placement> Timeline::place_later(const Request& request) const {
  return Walk(*this, request).first_placement();
}

Lane& Timeline::lane_of(model::NodeId id) {
  const auto known = lanes_.lower_bound(id);
  if (known != lanes_.end() && known->first == id) return known->second;
  return lanes_.emplace_hint(known, id, Lane(state_, state_.nodes.at(id), now_))->second;
}

std::optional<Placement> Timeline::place_at(const Request& request, Time start) const {
  return Walk(*this, request).placement_at(start);
}

/// Its lane is the one place that knows what is free on the node, from now on.
Lane& Timeline::set_apart(model::NodeId id) {
  auto& lane = lane_of(id);
  if (nodes_.mark_of(id) == Whereabouts::alone) return lane;
  nodes_.set_apart(lane.node(), lane.free_now());
  apart_.push_back(&lane);
  return lane;
}

/// Between `at` and its expected end a running job holds more or less than was thought.
template <class Change>
void Timeline::change_until_end(const scheduler::Job& job, Time at, Change change) {
  const auto expected = scheduler::expected_end(job);
  const auto end = expected ? when_over(*expected, now_) : Time::max();
  if (end <= at) return;
  for (const auto& share : scheduler::active_attempt(job)->allocation.nodes) {
    const auto& node = state_.nodes.at(share.node);
    const bool is_known = nodes_.pool_of(node) < free_cores_by_pool_.size();
    if (is_known && scheduler::may_take_work(node))
      change(set_apart(share.node), amounts_of(share), at, end);
  }
}

void Timeline::end_early(const scheduler::Job& job, Time at) {
  change_until_end(job, at, [](Lane& lane, const Amounts& amounts, Time from, Time to) {
    lane.give(amounts, from, to);
  });
}

void Timeline::end_as_expected(const scheduler::Job& job, Time at) {
  change_until_end(job, at, [](Lane& lane, const Amounts& amounts, Time from, Time to) {
    lane.take(amounts, from, to);
  });
}

bool Timeline::allows(const Request& request, model::NodeId id) const {
  const auto& node = state_.nodes.at(id);
  return scheduler::may_take_work(node) && nodes_.allows(request, node);
}

int Timeline::tasks_without(const Request& request, model::NodeId id,
                            const std::vector<const scheduler::Job*>& jobs) const {
  const auto lane = lanes_.find(id);
  auto free = lane == lanes_.end() ? *state_.ready.free[id.number()] : lane->second.free_now();
  for (const auto* job : jobs) {
    for (const auto& share : scheduler::active_attempt(*job)->allocation.nodes) {
      if (share.node == id) add(free, amounts_of(share));
    }
  }
  return room_in(request.layout, free);
}

bool Timeline::fits_when_empty(const Request& request) const {
  Roominess roominess(request.layout);
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    const auto ready = state_.ready.pools.find(pools_[i]);
    if (!request.pools[i] || ready == state_.ready.pools.end()) continue;
    for (const auto& [size, n_nodes] : ready->second.by_size)
      roominess.add(room_in(request.layout, size), n_nodes);
  }
  return roominess.is_enough();
}

bool Timeline::is_free(const Request& request, const Placement& placement) const {
  const auto end = end_of(placement.start, request.duration);
  return std::ranges::all_of(placement.parts, [&](const Part& part) {
    const auto known = lanes_.find(part.place.node);
    const auto free =
        known != lanes_.end()
            ? known->second.least(placement.start, end)
            : Lane(state_, state_.nodes.at(part.place.node), now_).least(placement.start, end);
    const auto demand = model::demand_of(request.layout, part.tasks);
    return free.cores >= demand.cores && free.gpus >= demand.gpus && free.memory >= demand.memory;
  });
}

void Timeline::reserve(const Request& request, const Placement& placement) {
  has_reservations_ = true;
  for (const auto& [place, tasks] : placement.parts) {
    set_apart(place.node)
        .take(amounts_of(model::demand_of(request.layout, tasks)), placement.start,
              end_of(placement.start, request.duration));
  }
}

model::Allocation Timeline::allocate(const Request& request, const Placement& placement) {
  const auto end = end_of(now_, request.duration);
  model::Allocation allocation;
  for (const auto& [place, tasks] : placement.parts) {
    auto& lane = lane_of(place.node);
    const auto demand = model::demand_of(request.layout, tasks);
    const auto before = lane.free_now();
    allocation.nodes.push_back(lane.pick(demand));
    lane.take(amounts_of(demand), now_, end);
    if (nodes_.mark_of(place.node) != Whereabouts::alone)
      nodes_.move(lane.node(), before, lane.free_now());
    free_cores_by_pool_[nodes_.pool_of(lane.node())] -= demand.cores;
    if (end != Time::max()) ends_of_started_.push_back({end, place.node, demand});
  }
  return allocation;
}

}  // namespace policy
