#include "scheduler/policy/fifo.h"

#include <algorithm>
#include <optional>

#include "scheduler/policy/admit.h"
#include "scheduler/policy/place.h"

namespace policy {

namespace {

using scheduler::Plan;
using scheduler::QueueKey;
using scheduler::View;

/// One queue that is not blocked, and its best job.
struct Head {
  std::string pool;  // that its jobs ask for; empty: any
  QueueKey key;
};

/// The best head among the queues that may still start something.
std::optional<Head> best_head(const View& view, const Plan& plan) {
  std::optional<Head> best;
  for (const auto& [pool, queue] : view.state.queues) {
    if (queue.empty() || plan.first_blocked.contains(pool)) continue;
    if (!best || *queue.begin() < best->key) best = Head{pool, *queue.begin()};
  }
  return best;
}

std::vector<std::string> open_pools(const View& view, const std::string& pool, const Plan& plan) {
  if (!pool.empty()) return {pool};
  std::vector<std::string> open;
  for (const auto& candidate : view.pools) {
    if (!plan.first_blocked.contains(candidate)) open.push_back(candidate);
  }
  return open;
}

/// A job for any pool that finds some closed to it waits behind who closed them.
model::Reason reason_for(const Head& head, const Plan& plan, model::Reason missing) {
  if (!head.pool.empty() || plan.first_blocked.empty()) return missing;
  return model::Behind{plan.first_blocked.begin()->second};
}

/// A job for any pool that waits stands before everything behind it; one for a pool, before that
/// pool.
void block(const View& view, const Head& head, model::Reason reason, Plan& plan) {
  plan.blocked.emplace(head.key.job, std::move(reason));
  plan.first_blocked.emplace(head.pool, head.key.job);
  if (!head.pool.empty()) return;
  for (const auto& pool : view.pools) plan.first_blocked.emplace(pool, head.key.job);
}

Plan plan_fifo(const View& view, base::Time) {
  Plan plan;
  while (const auto head = best_head(view, plan)) {
    const auto& job = view.state.jobs.at(head->key.job);
    auto placed = place(view.state, job.layout, open_pools(view, head->pool, plan));
    if (placed) {
      plan.starts.push_back({head->key.job, std::move(*placed)});
      return plan;
    }
    block(view, *head, reason_for(*head, plan, std::move(placed.error())), plan);
  }
  return plan;
}

}  // namespace

scheduler::Policy fifo() {
  return {.plan = plan_fifo, .admit = admit};
}

}  // namespace policy
