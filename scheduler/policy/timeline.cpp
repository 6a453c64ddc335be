#include "scheduler/policy/timeline.h"

#include <algorithm>
#include <map>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"

namespace policy {

namespace {

/// A job that is past its expected end may be over at any moment; until then it counts.
constexpr base::Duration overdue = std::chrono::seconds(1);

base::Time end_of(base::Time start, base::Duration duration) {
  return duration >= base::Time::max() - start ? base::Time::max() : start + duration;
}

std::optional<Placement> on_fixed_number(const model::Layout& layout, std::vector<int> rooms,
                                         base::Time start) {
  Placement placement{.start = start, .parts = {}};
  for (const int tasks : model::tasks_by_node(layout)) {
    const auto found = std::ranges::find_if(rooms, [tasks](int room) { return room >= tasks; });
    if (found == rooms.end()) return std::nullopt;
    placement.parts.push_back({static_cast<std::size_t>(found - rooms.begin()), tasks});
    *found = 0;
  }
  return placement;
}

std::optional<Placement> on_any_number(const model::Layout& layout, const std::vector<int>& rooms,
                                       base::Time start) {
  const auto whole = std::ranges::find_if(rooms, [&](int room) { return room >= layout.tasks; });
  if (whole != rooms.end()) {
    return Placement{start, {{static_cast<std::size_t>(whole - rooms.begin()), layout.tasks}}};
  }
  Placement placement{.start = start, .parts = {}};
  int left = layout.tasks;
  for (std::size_t i = 0; i < rooms.size() && left > 0; ++i) {
    const int here = std::min(left, rooms[i]);
    if (here > 0) placement.parts.push_back({i, here});
    left -= here;
  }
  if (left > 0) return std::nullopt;
  return placement;
}

}  // namespace

Timeline::Timeline(const scheduler::View& view, base::Time now) : now_(now) {
  for (const auto& [name, id] : view.state.node_by_name) {
    const auto& node = view.state.nodes.at(id);
    if (!scheduler::may_take_work(node)) continue;
    const auto pool = std::ranges::find(view.pools, node.info.pool);
    if (pool == view.pools.end()) continue;
    Lane lane{.node = &node,
              .pool = static_cast<std::size_t>(pool - view.pools.begin()),
              .cores = scheduler::free_cores(node),
              .gpus = scheduler::free_gpus(node),
              .steps = {}};
    lane.steps.push_back(
        {now, {lane.cores.count(), lane.gpus.count(), scheduler::free_memory(node)}});
    lanes_.push_back(std::move(lane));
  }
  add_ends(view.state);
}

void Timeline::add_ends(const scheduler::State& state) {
  std::map<model::NodeId, Lane*> lane_of;
  for (auto& lane : lanes_) lane_of.emplace(lane.node->id, &lane);
  for (const auto& [end, id] : state.expected_ends) {
    const auto at = std::max(end, now_ + overdue);
    for (const auto& share : scheduler::active_attempt(state.jobs.at(id))->allocation.nodes) {
      const auto found = lane_of.find(share.node);
      if (found == lane_of.end()) continue;
      auto& steps = found->second->steps;
      if (steps.back().from != at) steps.push_back({at, steps.back().free});
      auto& free = steps.back().free;
      free.cores += share.cores.count();
      free.gpus += share.gpus.count();
      free.memory += share.memory;
    }
  }
}

Timeline::Amount Timeline::least(const Lane& lane, base::Time start, base::Time end) {
  auto step = std::ranges::upper_bound(lane.steps, start, {}, &Step::from) - 1;
  auto amount = step->free;
  for (++step; step != lane.steps.end() && step->from < end; ++step) {
    amount.cores = std::min(amount.cores, step->free.cores);
    amount.gpus = std::min(amount.gpus, step->free.gpus);
    amount.memory = std::min(amount.memory, step->free.memory);
  }
  return amount;
}

std::vector<int> Timeline::rooms(const Request& request, base::Time start) const {
  const auto end = end_of(start, request.duration);
  std::vector<int> rooms;
  rooms.reserve(lanes_.size());
  for (const auto& lane : lanes_) {
    if (!allows(request, lane)) {
      rooms.push_back(0);
      continue;
    }
    const auto free = least(lane, start, end);
    rooms.push_back(tasks_that_fit(request.layout, free.cores, free.gpus, free.memory));
  }
  return rooms;
}

std::optional<Placement> Timeline::place_at(const Request& request, base::Time start) const {
  const auto rooms = this->rooms(request, start);
  return request.layout.nodes ? on_fixed_number(request.layout, rooms, start)
                              : on_any_number(request.layout, rooms, start);
}

std::optional<base::Time> Timeline::earliest_on(const Lane& lane, const model::Demand& demand,
                                                base::Duration duration) {
  std::optional<base::Time> since;
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

std::optional<Placement> Timeline::earliest_on_one(const Request& request, int tasks) const {
  const auto demand = model::demand_of(request.layout, tasks);
  std::optional<Placement> best;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (!allows(request, lanes_[i])) continue;
    const auto at = earliest_on(lanes_[i], demand, request.duration);
    if (at && (!best || *at < best->start)) best = Placement{*at, {{i, tasks}}};
  }
  return best;
}

std::vector<base::Time> Timeline::changes(const Request& request) const {
  std::vector<base::Time> times;
  for (const auto& lane : lanes_) {
    if (!allows(request, lane)) continue;
    for (const auto& step : lane.steps) times.push_back(step.from);
  }
  std::ranges::sort(times);
  const auto repeated = std::ranges::unique(times);
  times.erase(repeated.begin(), repeated.end());
  return times;
}

std::optional<Placement> Timeline::place_earliest(const Request& request) const {
  const auto& layout = request.layout;
  const bool is_limited = layout.most_tasks_per_node && *layout.most_tasks_per_node < layout.tasks;
  const bool is_on_one =
      layout.nodes ? *layout.nodes == 1 : layout.tasks == 1 || lanes_.size() == 1;
  if (is_on_one && !is_limited) return earliest_on_one(request, layout.tasks);
  for (const auto at : changes(request)) {
    if (auto placement = place_at(request, at)) return placement;
  }
  return std::nullopt;
}

/// The step that begins at `at`, made by cutting the one that holds then.
std::size_t Timeline::split(Lane& lane, base::Time at) {
  const auto next = std::ranges::lower_bound(lane.steps, at, {}, &Step::from);
  const auto place = static_cast<std::size_t>(next - lane.steps.begin());
  if (next != lane.steps.end() && next->from == at) return place;
  lane.steps.insert(next, {at, lane.steps[place - 1].free});
  return place;
}

void Timeline::take(Lane& lane, const model::Demand& demand, base::Time start, base::Time end) {
  const auto first = split(lane, start);
  const auto last = end == base::Time::max() ? lane.steps.size() : split(lane, end);
  for (auto i = first; i < last; ++i) {
    auto& free = lane.steps[i].free;
    free.cores -= demand.cores;
    free.gpus -= demand.gpus;
    free.memory -= demand.memory;
    base::check(free.cores >= 0 && free.gpus >= 0, "nothing is reserved twice");
  }
}

void Timeline::reserve(const Request& request, const Placement& placement) {
  for (const auto& [lane, tasks] : placement.parts) {
    take(lanes_[lane], model::demand_of(request.layout, tasks), placement.start,
         end_of(placement.start, request.duration));
  }
}

model::Allocation Timeline::allocate(const Request& request, const Placement& placement) {
  model::Allocation allocation;
  for (const auto& [place, tasks] : placement.parts) {
    auto& lane = lanes_[place];
    const auto demand = model::demand_of(request.layout, tasks);
    const auto& topology = lane.node->info.topology;
    model::NodeShare share{.node = lane.node->id,
                           .name = lane.node->info.name,
                           .tasks = tasks,
                           .cores = pick_cores(topology, lane.cores, demand.cores),
                           .gpus = {},
                           .memory = demand.memory};
    share.gpus = pick_gpus(topology, lane.gpus, demand.gpus, share.cores);
    lane.cores -= share.cores;
    lane.gpus -= share.gpus;
    allocation.nodes.push_back(std::move(share));
  }
  reserve(request, placement);
  return allocation;
}

}  // namespace policy
