#include "scheduler/policy/explain.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/policy/place.h"
#include "scheduler/policy/timeline.h"

namespace policy {

namespace {

using model::Demand;
using scheduler::Node;

constexpr std::size_t most_holders = 8;

bool fits(const Node& node, const Demand& demand) {
  return scheduler::free_cores(node).count() >= demand.cores &&
         scheduler::free_gpus(node).count() >= demand.gpus &&
         scheduler::free_memory(node) >= demand.memory;
}

bool is_allowed(const scheduler::Job& job, const std::string& pool) {
  return job.spec->pool.empty() || job.spec->pool == pool;
}

/// The job before this one that nobody overtakes.
std::optional<model::JobId> stands_before(const std::map<std::string, model::JobId>& first,
                                          const scheduler::View& view, const scheduler::Job& job) {
  for (const auto& pool : view.pools) {
    const auto found = first.find(pool);
    if (!is_allowed(job, pool) || found == first.end()) continue;
    if (found->second != job.id) return found->second;
  }
  return std::nullopt;
}

std::vector<const Node*> ready_nodes(const scheduler::View& view, const scheduler::Job& job) {
  std::vector<const Node*> nodes;
  for (const auto& [name, id] : view.state.node_by_name) {
    const auto& node = view.state.nodes.at(id);
    if (is_allowed(job, node.info.pool) && scheduler::may_take_work(node)) nodes.push_back(&node);
  }
  return nodes;
}

/// Jobs on the nodes that do not fit, those that are expected to end soonest first.
std::vector<model::JobId> holders(const scheduler::State& state,
                                  const std::vector<const Node*>& nodes, const Demand& demand) {
  std::map<model::JobId, base::Time> ends;
  for (const Node* node : nodes) {
    if (fits(*node, demand)) continue;
    for (const auto job : node->jobs) ends.emplace(job, base::Time::max());
  }
  for (const auto& [at, returns] : state.expected_ends) {
    for (const auto& each : returns) {
      if (const auto found = ends.find(each.job); found != ends.end()) found->second = at;
    }
  }
  std::vector<model::JobId> jobs;
  for (const auto& [job, at] : ends) jobs.push_back(job);
  std::ranges::stable_sort(jobs, {}, [&ends](model::JobId job) { return ends.at(job); });
  if (jobs.size() > most_holders) jobs.resize(most_holders, model::JobId(0));
  return jobs;
}

model::Reason missing(const scheduler::View& view, const scheduler::Job& job) {
  const auto ready = ready_nodes(view, job);
  const int n_ready = static_cast<int>(ready.size());
  const int n_needed = job.layout.nodes.value_or(1);
  if (n_ready < n_needed) return model::NodesAway{.nodes_needed = n_needed, .nodes_ready = n_ready};
  const int largest =
      job.layout.nodes ? model::tasks_by_node(job.layout).front() : job.layout.tasks;
  const auto demand = model::demand_of(job.layout, largest);
  const auto n_fitting =
      std::ranges::count_if(ready, [&](const Node* node) { return fits(*node, demand); });
  const bool is_any_number = !job.layout.nodes && job.layout.tasks > 1;
  return model::ShortOfResources{.nodes_needed = is_any_number ? 0 : n_needed,
                                 .nodes_ready = n_ready,
                                 .nodes_fitting = static_cast<int>(n_fitting),
                                 .per_node = demand,
                                 .holders = holders(view.state, ready, demand)};
}

bool fits_now(const scheduler::View& view, const scheduler::Job& job, base::Time now) {
  Request request{.layout = job.layout, .duration = base::Duration(), .pools = {}};
  for (const auto& pool : view.pools) request.pools.push_back(is_allowed(job, pool));
  return Timeline(view, now).place_now(request).has_value();
}

bool share_pools(const scheduler::Job& a, const scheduler::Job& b) {
  return a.spec->pool.empty() || is_allowed(b, a.spec->pool);
}

/// The other job that is to start first where this one could run.
std::optional<model::WouldDelay> next_reserved(const scheduler::View& view,
                                               const scheduler::Plan& plan,
                                               const scheduler::Job& job) {
  std::optional<model::WouldDelay> next;
  for (const auto& [id, start] : plan.reservations) {
    const auto other = view.state.jobs.find(id);
    if (id == job.id || other == view.state.jobs.end()) continue;
    if (!share_pools(job, other->second)) continue;
    if (!next || start < next->start) next = model::WouldDelay{.job = id, .start = start};
  }
  return next;
}

/// The jobs that are being ended for it, if any still run.
std::optional<model::Preempting> preempting(const scheduler::View& view,
                                            const scheduler::Plan& plan, const scheduler::Job& job,
                                            base::Time now) {
  const auto owed = view.state.owed.find(job.id);
  if (owed == view.state.owed.end() || owed->second.empty()) return std::nullopt;
  model::Preempting reason{.victims = {owed->second.begin(), owed->second.end()}, .until = now};
  if (const auto start = plan.reservations.find(job.id); start != plan.reservations.end())
    reason.until = start->second;
  return reason;
}

}  // namespace

model::Reason explain(const scheduler::View& view, const scheduler::Plan& plan,
                      const scheduler::Job& job, base::Time now) {
  if (const auto reason = preempting(view, plan, job, now)) return *reason;
  if (const auto first = stands_before(plan.closed, view, job)) return model::Behind{*first};
  if (!fits_now(view, job, now)) return missing(view, job);
  if (const auto next = next_reserved(view, plan, job)) return *next;
  if (const auto first = stands_before(plan.held_up, view, job)) return model::Behind{*first};
  return model::NotConsidered{};
}

}  // namespace policy
