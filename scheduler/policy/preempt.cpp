#include "scheduler/policy/preempt.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "lib/base/check.h"
#include "scheduler/policy/place.h"
#include "scheduler/policy/policy.h"

namespace policy {

namespace {

using scheduler::Job;

/// Starting again costs something even where nothing was done yet.
constexpr base::Duration restart_time = std::chrono::minutes(1);

/// Of a larger set, none is tried to be spared at the price of another placement.
constexpr std::size_t most_placed_anew = 64;

/// A job that is told to stop may be gone at any moment after.
constexpr base::Duration stop_time = std::chrono::seconds(1);

double cost_of(const Job& job, base::Time now) {
  const auto& allocation = scheduler::active_attempt(job)->allocation;
  const auto lost = scheduler::unsaved_time(job, now) + restart_time;
  const int weight = model::n_cores(allocation) + cores_per_gpu * model::n_gpus(allocation);
  return std::chrono::duration<double>(lost).count() * weight;
}

bool may_end(const scheduler::Class& of, const Job& job) {
  return !std::holds_alternative<scheduler::Ending>(job.phase) &&
         scheduler::n_ended_by(job, model::Cause::preempted) < of.max_preemptions;
}

using Candidates = std::vector<Candidate>;

/// For each node, what it would cost to have it take one more task; then the victims of the nodes
/// where that is least.
Candidates by_nodes(const Timeline& timeline, const Request& request,
                    const Candidates& cheapest_first) {
  struct Clearing {
    double cost = 0;
    std::vector<Candidate> victims;
  };
  std::map<model::NodeId, Clearing> nodes;
  for (const auto& candidate : cheapest_first) {
    for (const auto& share : scheduler::active_attempt(*candidate.job)->allocation.nodes) {
      if (!timeline.allows(request, share.node)) continue;
      auto& clearing = nodes[share.node];
      clearing.cost += candidate.cost;
      clearing.victims.push_back(candidate);
    }
  }
  std::vector<std::pair<double, const Clearing*>> ranked;
  for (const auto& [node, clearing] : nodes) {
    std::vector<const Job*> jobs;
    for (const auto& victim : clearing.victims) jobs.push_back(victim.job);
    const int tasks = timeline.tasks_without(request, node, jobs);
    if (tasks > 0) ranked.emplace_back(clearing.cost / tasks, &clearing);
  }
  std::ranges::stable_sort(ranked, {}, &std::pair<double, const Clearing*>::first);
  Candidates order;
  std::set<const Job*> known;
  for (const auto& [cost, clearing] : ranked) {
    for (const auto& victim : clearing->victims) {
      if (known.insert(victim.job).second) order.push_back(victim);
    }
  }
  return order;
}

/// The candidates on trial: the first so many of an order are taken to end at `start`.
class Trial {
 public:
  Trial(Timeline& timeline, const Candidates& order, base::Time start)
      : timeline_(timeline), order_(order), start_(start), is_ended_(order.size()) {}

  void end_first(std::size_t n) {
    for (std::size_t i = 0; i < order_.size(); ++i) set(i, i < n);
  }

  void set(std::size_t place, bool is_ended) {
    if (is_ended_[place] == is_ended) return;
    is_ended_[place] = is_ended;
    const auto& job = *order_[place].job;
    is_ended ? timeline_.end_early(job, start_) : timeline_.end_as_expected(job, start_);
  }

  std::size_t size() const { return order_.size(); }

  /// Places in the order of those that are on trial.
  std::vector<std::size_t> dearest_first() const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (is_ended_[i]) places.push_back(i);
    }
    std::ranges::stable_sort(places, std::greater(),
                             [this](std::size_t place) { return order_[place].cost; });
    return places;
  }

 private:
  Timeline& timeline_;
  const Candidates& order_;
  base::Time start_;
  std::vector<bool> is_ended_;
};

/// Room with the fewest of the order's first, which stay on trial; the rest does not.
std::optional<Placement> with_first(Timeline& timeline, const Request& request, Trial& trial,
                                    base::Time start) {
  std::size_t too_few = 0;
  std::size_t enough = trial.size();
  trial.end_first(enough);
  auto placement = timeline.place_at(request, start);
  while (placement && enough - too_few > 1) {
    const auto middle = (too_few + enough) / 2;
    trial.end_first(middle);
    if (auto found = timeline.place_at(request, start)) {
      enough = middle;
      placement = std::move(found);
    } else {
      too_few = middle;
    }
  }
  trial.end_first(placement ? enough : 0);
  return placement;
}

/// Lets those go, the dearest first, that are not needed for this placement, and then those that
/// are not needed for another.
void spare(Timeline& timeline, const Request& request, Trial& trial, Placement& placement) {
  for (const auto place : trial.dearest_first()) {
    trial.set(place, false);
    if (!timeline.is_free(request, placement)) trial.set(place, true);
  }
  const auto left = trial.dearest_first();
  if (left.size() > most_placed_anew) return;
  for (const auto place : left) {
    trial.set(place, false);
    auto other = timeline.place_at(request, placement.start);
    if (other) placement = std::move(*other);
    if (!other) trial.set(place, true);
  }
}

std::optional<Room> try_order(Timeline& timeline, const Request& request, const Candidates& order,
                              base::Time start) {
  Trial trial(timeline, order, start);
  auto placement = with_first(timeline, request, trial, start);
  if (!placement) return std::nullopt;
  spare(timeline, request, trial, *placement);
  Room room{.placement = std::move(*placement), .victims = {}, .cost = 0};
  for (const auto place : trial.dearest_first()) {
    room.victims.push_back(order[place].job);
    room.cost += order[place].cost;
  }
  trial.end_first(0);
  return room;
}

}  // namespace

std::vector<Candidate> candidates(const scheduler::View& view, const scheduler::Class& of,
                                  base::Time now) {
  std::vector<Candidate> found;
  if (of.preempts.empty()) return found;
  for (const auto& [name, jobs] : view.state.active_by_class) {
    const auto& its_class = view.classes.of(name);
    if (std::ranges::find(of.preempts, its_class.name) == of.preempts.end()) continue;
    for (const auto id : jobs) {
      const auto& job = view.state.jobs.at(id);
      if (may_end(its_class, job)) found.push_back({&job, cost_of(job, now)});
    }
  }
  std::ranges::sort(found, [](const Candidate& a, const Candidate& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.job->id > b.job->id;
  });
  return found;
}

base::Time gone_by(const scheduler::View& view, const std::vector<Candidate>& candidates,
                   base::Time now) {
  base::Duration longest = stop_time;
  for (const auto& candidate : candidates) {
    const auto& spec = *candidate.job->spec;
    if (spec.save_signal) longest = std::max(longest, view.classes.of(spec.class_name).grace);
  }
  return now + longest;
}

std::optional<Room> make_room(Timeline& timeline, const Request& request,
                              const std::vector<Candidate>& candidates, base::Time start) {
  if (auto placement = timeline.place_at(request, start))
    return Room{.placement = std::move(*placement), .victims = {}, .cost = 0};
  auto best = try_order(timeline, request, candidates, start);
  if (!best) return std::nullopt;
  const auto other = try_order(timeline, request, by_nodes(timeline, request, candidates), start);
  return other && other->cost < best->cost ? other : best;
}

}  // namespace policy
