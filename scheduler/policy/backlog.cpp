#include "scheduler/policy/backlog.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace policy {

namespace {

using base::Duration;

double share(double part, double whole) {
  return part > 0 && whole > 0 ? part / whole : 0;
}

/// The sum of what some nodes have.
struct Totals {
  double nodes = 0;
  double cores = 0;
  double gpus = 0;
  double memory = 0;

  void add(const scheduler::NodeKind& kind, std::size_t n) {
    const auto n_nodes = static_cast<double>(n);
    nodes += n_nodes;
    cores += n_nodes * kind.cores;
    gpus += n_nodes * kind.gpus;
    memory += n_nodes * static_cast<double>(kind.memory.count());
  }
};

double dominant_share(const model::Layout& layout, const Totals& whole) {
  if (layout.whole_nodes) return share(layout.nodes.value_or(1), whole.nodes);
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
    for (const auto& [kind, ready] : view.state.ready.kinds) {
      wholes_[kind.pool].add(kind, ready.n_nodes);
      wholes_[""].add(kind, ready.n_nodes);
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
  std::map<std::string, Totals> wholes_;
  std::map<std::string, double> busy_;
};

/// An array is to run once for each task that has not started.
std::size_t n_runs(const scheduler::State& state, const scheduler::JobKind& kind,
                   const scheduler::QueuedJobs& jobs) {
  if (!kind.is_array) return jobs.size();
  std::size_t n = 0;
  for (const auto id : jobs)
    n += static_cast<std::size_t>(state.jobs.at(id).tasks->tally.pending.count());
  return n;
}

Sum of_queue(const scheduler::View& view) {
  Sum sum(view);
  for (const auto& [kind, jobs] : view.state.queue)
    sum.add(kind.pool, kind.layout, view.state.history.predict(kind),
            n_runs(view.state, kind, jobs));
  return sum;
}

}  // namespace

std::map<std::string, Duration> queue_times(const scheduler::View& view) {
  return of_queue(view).times();
}

std::map<std::string, Duration> drain_times(const scheduler::View& view, base::Time now) {
  const auto& state = view.state;
  auto sum = of_queue(view);
  for (auto end = ends_after(state.expected_ends, now); end != state.expected_ends.end(); ++end) {
    std::optional<model::JobId> last;
    for (const auto& each : end->second) {
      if (std::exchange(last, each.job) == each.job) continue;
      const auto& job = state.jobs.at(each.job);
      sum.add(job.spec->pool, job.layout, end->first.at - now, 1);
    }
  }
  return sum.times();
}

std::map<std::string, Duration> drain_times(const scheduler::View& view, base::Time now,
                                            const Left& left) {
  const auto& state = view.state;
  Sum sum(view);
  std::map<scheduler::JobKind, std::size_t> n_served;
  const auto add_served = [&](model::JobId id) {
    const auto& job = state.jobs.at(id);
    const auto kind = kind_of(job);
    sum.add(kind.pool, kind.layout, left(kind, served_time(job, now)), 1);
    return kind;
  };
  for (const auto id : state.returned) ++n_served[add_served(id)];
  for (const auto& [kind, jobs] : state.queue) {
    const auto found = n_served.find(kind);
    const auto n_before = found == n_served.end() ? 0 : found->second;
    sum.add(kind.pool, kind.layout, left(kind, {}), n_runs(state, kind, jobs) - n_before);
  }
  for (const auto& [name, jobs] : state.active_by_class) {
    for (const auto id : jobs) add_served(id);
  }
  return sum.times();
}

}  // namespace policy
