#include "scheduler/policy/backlog.h"

#include <algorithm>

namespace policy {

namespace {

using base::Duration;

/// Amounts as numbers, of which only shares are made.
struct Amounts {
  double cores = 0;
  double gpus = 0;
  double memory = 0;
};

void add_node(Amounts& sum, const scheduler::Node& node) {
  sum.cores += static_cast<double>(node.info.topology.cores.size());
  sum.gpus += static_cast<double>(node.info.topology.gpus.size());
  sum.memory += static_cast<double>(node.info.topology.memory.count());
}

double share(double part, double whole) {
  return part > 0 && whole > 0 ? part / whole : 0;
}

double dominant_share(const model::Layout& layout, const Amounts& whole) {
  const auto demand = model::demand_of(layout, layout.tasks);
  return std::max({share(demand.cores, whole.cores), share(demand.gpus, whole.gpus),
                   share(static_cast<double>(demand.memory.count()), whole.memory)});
}

/// Work by pool, in microseconds of all that the pool has.
class Sum {
 public:
  explicit Sum(const scheduler::View& view) {
    for (const auto& pool : view.pools) wholes_[pool];
    wholes_[""];
    for (const auto& [id, node] : view.state.nodes) {
      if (!scheduler::may_take_work(node)) continue;
      add_node(wholes_[node.info.pool], node);
      add_node(wholes_[""], node);
    }
  }

  void add(const std::string& pool, const model::Layout& layout, Duration each, std::size_t n) {
    const double work = static_cast<double>(each.count()) * static_cast<double>(n) *
                        dominant_share(layout, wholes_[pool]);
    if (!pool.empty()) {
      busy_[pool] += work;
      return;
    }
    for (const auto& [name, whole] : wholes_) busy_[name] += work;
  }

  std::map<std::string, Duration> times() const {
    std::map<std::string, Duration> times;
    Duration longest{};
    for (const auto& [pool, busy] : busy_) {
      const Duration time(static_cast<Duration::rep>(busy));
      times[pool] = time;
      longest = std::max(longest, time);
    }
    times[""] = longest;
    return times;
  }

 private:
  std::map<std::string, Amounts> wholes_;
  std::map<std::string, double> busy_;
};

/// An array is to run once for each task that has not started.
std::size_t n_runs(const scheduler::State& state, const scheduler::JobKind& kind,
                   const std::set<model::JobId>& jobs) {
  if (!kind.is_array) return jobs.size();
  std::size_t n = 0;
  for (const auto id : jobs)
    n += static_cast<std::size_t>(state.jobs.at(id).tasks->tally.pending.count());
  return n;
}

}  // namespace

std::map<std::string, Duration> drain_times(const scheduler::View& view, base::Time now) {
  const auto& state = view.state;
  Sum sum(view);
  for (const auto& [kind, jobs] : state.queue)
    sum.add(kind.pool, kind.layout, state.history.predict(kind), n_runs(state, kind, jobs));
  for (const auto& [end, id] : state.expected_ends) {
    if (end <= now) continue;
    const auto& job = state.jobs.at(id);
    sum.add(job.spec->pool, job.layout, end - now, 1);
  }
  return sum.times();
}

}  // namespace policy
