#include "scheduler/policy/timeline.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"
#include "scheduler/policy/spread.h"

namespace policy {

namespace {

using base::Time;

/// A job that is past its expected end may be over at any moment; until then it counts.
constexpr base::Duration overdue = std::chrono::seconds(1);

Time end_of(Time start, base::Duration duration) {
  return duration >= Time::max() - start ? Time::max() : start + duration;
}

std::optional<Placement> place_in(const model::Layout& layout, const std::vector<int>& rooms,
                                  Time start) {
  const auto parts = spread(layout, rooms);
  if (!parts) return std::nullopt;
  Placement placement{.start = start, .parts = {}};
  for (const auto& [lane, tasks] : *parts) placement.parts.push_back({lane, tasks});
  return placement;
}

}  // namespace

Timeline::Timeline(const scheduler::View& view, Time now)
    : state_(view.state), now_(now), free_cores_by_pool_(view.pools.size()) {
  for (const auto& [name, id] : state_.node_by_name) {
    const auto& node = state_.nodes.at(id);
    if (!scheduler::may_take_work(node)) continue;
    const auto pool = std::ranges::find(view.pools, node.info.pool);
    if (pool == view.pools.end()) continue;
    const Amount free{scheduler::n_free_cores(node), scheduler::n_free_gpus(node),
                      scheduler::free_memory(node)};
    const auto place = static_cast<std::size_t>(pool - view.pools.begin());
    free_cores_by_pool_[place] += free.cores;
    lane_by_node_.resize(std::max(lane_by_node_.size(), std::size_t{id.number()} + 1));
    lane_by_node_[id.number()] = lanes_.size();
    lanes_.push_back({.node = &node,
                      .pool = place,
                      .cores_taken = {},
                      .gpus_taken = {},
                      .steps = {{now, free}}});
  }
}

std::optional<std::size_t> Timeline::lane_of(model::NodeId node) const {
  return node.number() < lane_by_node_.size() ? lane_by_node_[node.number()] : std::nullopt;
}

Time Timeline::when_known(Time expected_end) const {
  return std::max(expected_end, now_ + overdue);
}

void Timeline::give_back(Amount& free, const model::NodeShare& share) {
  free.cores += share.cores.count();
  free.gpus += share.gpus.count();
  free.memory += share.memory;
}

void Timeline::take_again(Amount& free, const model::NodeShare& share) {
  free.cores -= share.cores.count();
  free.gpus -= share.gpus.count();
  free.memory -= share.memory;
}

/// Between `at` and its expected end a running job holds more or less than was thought.
template <class Change>
void Timeline::change_until_end(const scheduler::Job& job, Time at, Change change) {
  const auto end = scheduler::expected_end(job);
  if (end && when_known(*end) <= at) return;
  for (const auto& share : scheduler::active_attempt(job)->allocation.nodes) {
    const auto place = lane_of(share.node);
    if (!place) continue;
    auto& lane = lanes_[*place];
    add_ends(lane);
    const auto first = split(lane, at);
    const auto last = end ? split(lane, when_known(*end)) : lane.steps.size();
    for (auto i = first; i < last; ++i) change(lane.steps[i].free, share);
  }
}

void Timeline::end_early(const scheduler::Job& job, Time at) {
  change_until_end(job, at, give_back);
}

void Timeline::end_as_expected(const scheduler::Job& job, Time at) {
  change_until_end(job, at, take_again);
}

bool Timeline::allows(const Request& request, model::NodeId node) const {
  const auto place = lane_of(node);
  return place && allows(request, lanes_[*place]);
}

int Timeline::tasks_without(const Request& request, model::NodeId node,
                            const std::vector<const scheduler::Job*>& jobs) const {
  auto free = lanes_[*lane_of(node)].steps.front().free;
  for (const auto* job : jobs) {
    for (const auto& share : scheduler::active_attempt(*job)->allocation.nodes) {
      if (share.node == node) give_back(free, share);
    }
  }
  return tasks_that_fit(request.layout, free.cores, free.gpus, free.memory);
}

bool Timeline::fits_when_empty(const Request& request) const {
  std::vector<int> rooms(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto& topology = lanes_[i].node->info.topology;
    if (!allows(request, lanes_[i])) continue;
    rooms[i] = tasks_that_fit(request.layout, static_cast<int>(topology.cores.size()),
                              static_cast<int>(topology.gpus.size()), topology.memory);
  }
  return spread(request.layout, rooms).has_value();
}

bool Timeline::is_free(const Request& request, const Placement& placement) const {
  const auto end = end_of(placement.start, request.duration);
  return std::ranges::all_of(placement.parts, [&](const Placement::Part& part) {
    const auto free = least(lanes_[part.lane], placement.start, end);
    const auto demand = model::demand_of(request.layout, part.tasks);
    return free.cores >= demand.cores && free.gpus >= demand.gpus && free.memory >= demand.memory;
  });
}

/// What the running jobs of a node give back, and when.
void Timeline::add_ends(Lane& lane) {
  if (std::exchange(lane.has_ends, true)) return;
  std::vector<std::pair<Time, const model::NodeShare*>> ends;
  for (const auto id : lane.node->jobs) {
    const auto& job = state_.jobs.at(id);
    const auto end = scheduler::expected_end(job);
    if (!end) continue;
    const auto& shares = scheduler::active_attempt(job)->allocation.nodes;
    const auto share = std::ranges::find(shares, lane.node->id, &model::NodeShare::node);
    ends.emplace_back(when_known(*end), &*share);
  }
  std::ranges::sort(ends, {}, &std::pair<Time, const model::NodeShare*>::first);
  for (const auto& [at, share] : ends) {
    if (lane.steps.back().from != at) lane.steps.push_back({at, lane.steps.back().free});
    give_back(lane.steps.back().free, *share);
  }
}

Timeline::Amount Timeline::least(const Lane& lane, Time start, Time end) {
  auto step = std::ranges::upper_bound(lane.steps, start, {}, &Step::from) - 1;
  auto amount = step->free;
  for (++step; step != lane.steps.end() && step->from < end; ++step) {
    amount.cores = std::min(amount.cores, step->free.cores);
    amount.gpus = std::min(amount.gpus, step->free.gpus);
    amount.memory = std::min(amount.memory, step->free.memory);
  }
  return amount;
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
  return place_at(request, now_);
}

std::optional<Placement> Timeline::place_at(const Request& request, Time start) const {
  const auto end = end_of(start, request.duration);
  std::vector<int> rooms(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto& lane = lanes_[i];
    if (!allows(request, lane)) continue;
    const auto free = lane.steps.size() == 1 ? lane.steps.front().free : least(lane, start, end);
    if (free.cores < request.layout.cpus_per_task) continue;
    rooms[i] = tasks_that_fit(request.layout, free.cores, free.gpus, free.memory);
  }
  return place_in(request.layout, rooms, start);
}

std::optional<Time> Timeline::earliest_on(const Lane& lane, const model::Demand& demand,
                                          base::Duration duration) {
  std::optional<Time> since;
  for (const auto& [from, free] : lane.steps) {
    if (since && from >= end_of(*since, duration)) return since;
    const bool is_enough =
        free.cores >= demand.cores && free.gpus >= demand.gpus && free.memory >= demand.memory;
    if (!is_enough) {
      since.reset();
    } else if (!since) {
      since = from;
    }
  }
  return since;
}

std::optional<Placement> Timeline::place_on_one(const Request& request, int tasks) const {
  const auto demand = model::demand_of(request.layout, tasks);
  std::optional<Placement> best;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (!allows(request, lanes_[i])) continue;
    const auto at = earliest_on(lanes_[i], demand, request.duration);
    if (at && (!best || *at < best->start)) best = Placement{*at, {{i, tasks}}};
  }
  return best;
}

/// All moments from which a node of the request has more or less.
std::vector<Time> Timeline::changes(const Request& request) const {
  std::vector<Time> times;
  for (const auto& lane : lanes_) {
    if (!allows(request, lane)) continue;
    for (const auto& step : lane.steps) times.push_back(step.from);
  }
  std::ranges::sort(times);
  const auto repeated = std::ranges::unique(times);
  times.erase(repeated.begin(), repeated.end());
  return times;
}

/// While nothing is reserved, what is free only grows: the first moment is that at which enough
/// jobs have ended.
std::optional<Placement> Timeline::place_first(const Request& request) const {
  const auto& layout = request.layout;
  std::vector<Amount> free(lanes_.size());
  std::vector<int> rooms(lanes_.size());
  Roominess roominess(layout);
  const auto update = [&](std::size_t lane) {
    if (!allows(request, lanes_[lane])) return;
    const auto& amount = free[lane];
    const int room = tasks_that_fit(layout, amount.cores, amount.gpus, amount.memory);
    roominess.change(std::exchange(rooms[lane], room), room);
  };
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    free[i] = lanes_[i].steps.front().free;
    update(i);
  }
  auto running = state_.expected_ends.begin();
  auto started = ends_of_started_.begin();
  while (running != state_.expected_ends.end() || started != ends_of_started_.end()) {
    auto at = Time::max();
    if (running != state_.expected_ends.end()) at = when_known(running->first);
    if (started != ends_of_started_.end()) at = std::min(at, started->first);
    for (; running != state_.expected_ends.end() && when_known(running->first) == at; ++running) {
      const auto& job = state_.jobs.at(running->second);
      for (const auto& share : scheduler::active_attempt(job)->allocation.nodes) {
        const auto lane = lane_of(share.node);
        if (!lane) continue;
        give_back(free[*lane], share);
        update(*lane);
      }
      if (roominess.is_enough()) return place_in(layout, rooms, at);
    }
    for (; started != ends_of_started_.end() && started->first == at; ++started) {
      const auto& [lane, demand] = started->second;
      free[lane].cores += demand.cores;
      free[lane].gpus += demand.gpus;
      free[lane].memory += demand.memory;
      update(lane);
    }
    if (roominess.is_enough()) return place_in(layout, rooms, at);
  }
  return std::nullopt;
}

bool Timeline::is_for_one_node(const model::Layout& layout) const {
  if (layout.most_tasks_per_node && *layout.most_tasks_per_node < layout.tasks) return false;
  return layout.nodes ? *layout.nodes == 1 : layout.tasks == 1 || lanes_.size() == 1;
}

std::optional<Placement> Timeline::place_later(const Request& request) {
  if (!has_reservations_) return place_first(request);
  for (auto& lane : lanes_) {
    if (allows(request, lane)) add_ends(lane);
  }
  if (is_for_one_node(request.layout)) return place_on_one(request, request.layout.tasks);
  for (const auto at : changes(request)) {
    if (auto placement = place_at(request, at)) return placement;
  }
  return std::nullopt;
}

/// The step that begins at `at`, made by cutting the one that holds then.
std::size_t Timeline::split(Lane& lane, Time at) {
  const auto next = std::ranges::lower_bound(lane.steps, at, {}, &Step::from);
  const auto place = static_cast<std::size_t>(next - lane.steps.begin());
  if (next != lane.steps.end() && next->from == at) return place;
  lane.steps.insert(next, {at, lane.steps[place - 1].free});
  return place;
}

void Timeline::take(Lane& lane, const model::Demand& demand, Time start, Time end) {
  add_ends(lane);
  const auto first = split(lane, start);
  const auto last = end == Time::max() ? lane.steps.size() : split(lane, end);
  for (auto i = first; i < last; ++i) {
    auto& free = lane.steps[i].free;
    base::check(free.cores >= demand.cores && free.gpus >= demand.gpus, "nothing is taken twice");
    free.cores -= demand.cores;
    free.gpus -= demand.gpus;
    free.memory -= demand.memory;
  }
}

void Timeline::reserve(const Request& request, const Placement& placement) {
  has_reservations_ = true;
  for (const auto& [lane, tasks] : placement.parts) {
    take(lanes_[lane], model::demand_of(request.layout, tasks), placement.start,
         end_of(placement.start, request.duration));
  }
}

model::Allocation Timeline::allocate(const Request& request, const Placement& placement) {
  const auto end = end_of(now_, request.duration);
  model::Allocation allocation;
  for (const auto& [place, tasks] : placement.parts) {
    auto& lane = lanes_[place];
    const auto demand = model::demand_of(request.layout, tasks);
    const auto& node = *lane.node;
    model::NodeShare share{
        .node = node.id,
        .name = node.info.name,
        .tasks = tasks,
        .cores = pick_cores(node.info.topology, scheduler::free_cores(node) - lane.cores_taken,
                            demand.cores),
        .gpus = {},
        .memory = demand.memory};
    share.gpus = pick_gpus(node.info.topology, scheduler::free_gpus(node) - lane.gpus_taken,
                           demand.gpus, share.cores);
    lane.cores_taken |= share.cores;
    lane.gpus_taken |= share.gpus;
    free_cores_by_pool_[lane.pool] -= demand.cores;
    if (end != Time::max()) ends_of_started_.emplace(end, std::pair(place, demand));
    take(lane, demand, now_, end);
    allocation.nodes.push_back(std::move(share));
  }
  return allocation;
}

}  // namespace policy
