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

void sort_by_cost(Candidates& candidates) {
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.job->id > b.job->id;
  });
}

/// What is looked for: a start of the request then, on nodes that are free and within quotas.
struct Goal {
  Timeline& timeline;
  const Request& request;
  base::Time start;
  QuotaRoom* quotas;

  bool is_allowed(const Placement& placement) const {
    if (quotas == nullptr) return true;
    return quotas->reclaim.allows(claims_of(quotas->view, request.layout, placement),
                                  end_of(start, request.duration));
  }
  std::optional<Placement> place() const {
    auto placement = quotas != nullptr ? place_ahead(timeline, request, quotas->now, start)
                                       : std::optional<Placement>();
    if (!placement) placement = timeline.place_at(request, start);
    if (placement && !is_allowed(*placement)) placement.reset();
    return placement;
  }
  bool is_free(const Placement& placement) const {
    return timeline.is_free(request, placement) && is_allowed(placement);
  }
};

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

/// The candidates on trial: the first so many of an order are taken to end at the start.
class Trial {
 public:
  Trial(const Goal& goal, const Candidates& order)
      : goal_(goal), order_(order), is_ended_(order.size()) {}

  void end_first(std::size_t n) {
    for (std::size_t i = 0; i < order_.size(); ++i) set(i, i < n);
  }

  void set(std::size_t place, bool is_ended) {
    if (is_ended_[place] == is_ended) return;
    is_ended_[place] = is_ended;
    const auto& job = *order_[place].job;
    auto& timeline = goal_.timeline;
    is_ended ? timeline.end_early(job, goal_.start) : timeline.end_as_expected(job, goal_.start);
    if (goal_.quotas != nullptr) goal_.quotas->reclaim.set_gone(job, is_ended);
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
  const Goal& goal_;
  const Candidates& order_;
  std::vector<bool> is_ended_;
};

/// Room with the fewest of the order's first, which stay on trial; the rest does not.
std::optional<Placement> with_first(const Goal& goal, Trial& trial) {
  std::size_t too_few = 0;
  std::size_t enough = trial.size();
  trial.end_first(enough);
  auto placement = goal.place();
  while (placement && enough - too_few > 1) {
    const auto middle = (too_few + enough) / 2;
    trial.end_first(middle);
    if (auto found = goal.place()) {
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
void spare(const Goal& goal, Trial& trial, Placement& placement) {
  for (const auto place : trial.dearest_first()) {
    trial.set(place, false);
    if (!goal.is_free(placement)) trial.set(place, true);
  }
  const auto left = trial.dearest_first();
  if (left.size() > most_placed_anew) return;
  for (const auto place : left) {
    trial.set(place, false);
    auto other = goal.place();
    if (other) placement = std::move(*other);
    if (!other) trial.set(place, true);
  }
}

/// Without those whose workspaces, with the ones before them gone, have nothing to give back.
Candidates without_spared(const Goal& goal, Candidates order) {
  if (goal.quotas == nullptr) return order;
  auto& reclaim = goal.quotas->reclaim;
  std::erase_if(order, [&](const Candidate& candidate) {
    if (candidate.only_gives_back && !reclaim.takes_back(*candidate.job, goal.quotas->loans))
      return true;
    reclaim.set_gone(*candidate.job, true);
    return false;
  });
  for (const auto& candidate : order) reclaim.set_gone(*candidate.job, false);
  return order;
}

std::optional<Room> try_order(const Goal& goal, Candidates all) {
  const auto order = without_spared(goal, std::move(all));
  Trial trial(goal, order);
  auto placement = with_first(goal, trial);
  if (!placement) return std::nullopt;
  spare(goal, trial, *placement);
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
  sort_by_cost(found);
  return found;
}

std::vector<Candidate> with_borrowers(const scheduler::View& view, const scheduler::Ledger& ledger,
                                      const std::vector<scheduler::Loan>& loans, base::Time now,
                                      std::vector<Candidate> candidates) {
  std::set<const Job*> known;
  for (const auto& candidate : candidates) known.insert(candidate.job);
  for (const Job* job : borrowers(view, ledger, loans)) {
    if (known.contains(job)) continue;
    candidates.push_back({.job = job, .cost = cost_of(*job, now), .only_gives_back = true});
  }
  sort_by_cost(candidates);
  return candidates;
}

base::Duration time_to_go(const scheduler::View& view, const Job& job) {
  const auto& spec = *job.spec;
  return spec.save_signal ? std::max(stop_time, view.classes.of(spec.class_name).grace) : stop_time;
}

base::Time gone_by(const scheduler::View& view, const std::vector<Candidate>& candidates,
                   base::Time now) {
  base::Duration longest = stop_time;
  for (const auto& candidate : candidates)
    longest = std::max(longest, time_to_go(view, *candidate.job));
  return now + longest;
}

std::optional<Room> make_room(Timeline& timeline, const Request& request,
                              const std::vector<Candidate>& candidates, base::Time start,
                              QuotaRoom* quotas) {
  const Goal goal{.timeline = timeline, .request = request, .start = start, .quotas = quotas};
  if (auto placement = goal.place())
    return Room{.placement = std::move(*placement), .victims = {}, .cost = 0};
  auto best = try_order(goal, candidates);
  if (!best) return std::nullopt;
  const auto other = try_order(goal, by_nodes(timeline, request, candidates));
  return other && other->cost < best->cost ? other : best;
}

}  // namespace policy
