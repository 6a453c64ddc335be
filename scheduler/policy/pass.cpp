#include "scheduler/policy/pass.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "scheduler/policy/backlog.h"
#include "scheduler/policy/rank.h"

namespace policy {

using scheduler::Plan;

Pass::Pass(const Options& options, const scheduler::View& view, base::Time now)
    : options_(options), view_(view), now_(now), timeline_(view, now) {}

bool Pass::comes_later(const Head& a, const Head& b) {
  if (a.priority != b.priority) return a.priority < b.priority;
  if (a.is_overdue != b.is_overdue) return b.is_overdue;
  if (!a.is_overdue && a.rank != b.rank) return a.rank < b.rank;
  return a.job > b.job;
}

bool Pass::is_longer(const Head& a, const Head& b) {
  const auto of_a = duration_of(*a.kind);
  const auto of_b = duration_of(*b.kind);
  return of_a != of_b ? of_a > of_b : a.job > b.job;
}

Pass::Head Pass::head_of(const scheduler::JobKind& kind, const std::set<model::JobId>& jobs) {
  const bool is_asked = options_.order == Order::predicted;
  Head head{.priority = kind.priority,
            .is_overdue = false,
            .rank = 0,
            .job = *jobs.begin(),
            .kind = &kind,
            .predicted = is_asked ? view_.state.history.predict(kind) : base::Duration(),
            .n_left = n_starts(*jobs.begin()),
            .at = jobs.begin(),
            .end = jobs.end()};
  rank(head);
  return head;
}

int Pass::n_starts(model::JobId id) const {
  const auto& job = view_.state.jobs.at(id);
  return job.tasks ? job.tasks->startable : 1;
}

void Pass::rank(Head& head) {
  if (options_.order == Order::fcfs) return;
  const auto& job = view_.state.jobs.at(head.job);
  head.rank = rank_of(options_.order, job, head.predicted, now_);
  head.is_overdue = is_overdue(head, job);
}

/// One job of a pool at a time: when the longest overdue one stays, the others keep their ranks.
bool Pass::is_overdue(const Head& head, const scheduler::Job& job) {
  const auto wait = now_ - job.submitted_at;
  if (options_.order != Order::predicted || wait <= patience) return false;
  if (promised_.contains(head.kind->pool)) return false;
  if (!drain_times_) drain_times_ = drain_times(view_, now_);
  return policy::is_overdue(wait, drain_times_->at(head.kind->pool));
}

Plan Pass::run() {
  std::vector<Head> heads;
  heads.reserve(view_.state.queue.size());
  for (const auto& [kind, jobs] : view_.state.queue) heads.push_back(head_of(kind, jobs));
  try_in(std::move(heads), comes_later);
  is_backfilling_ = true;
  try_in(std::exchange(later_, {}), is_longer);
  return std::move(plan_);
}

/// Goes through the kinds, best head first; a kind whose head stays for good is done with.
void Pass::try_in(std::vector<Head> heads, bool (*is_after)(const Head&, const Head&)) {
  std::ranges::make_heap(heads, is_after);
  while (!heads.empty()) {
    std::ranges::pop_heap(heads, is_after);
    auto& head = heads.back();
    if (head.is_overdue && promised_.contains(head.kind->pool)) {
      head.is_overdue = false;
      std::ranges::push_heap(heads, is_after);
      continue;
    }
    const auto verdict = consider(head);
    if (verdict == Verdict::started && --head.n_left > 0) {
      std::ranges::push_heap(heads, is_after);
      continue;
    }
    const bool is_done = verdict == Verdict::blocked || std::next(head.at) == head.end;
    if (is_done) {
      heads.pop_back();
      continue;
    }
    head.job = *++head.at;
    head.n_left = n_starts(head.job);
    rank(head);
    std::ranges::push_heap(heads, is_after);
  }
}

/// nullopt when all pools that the job may use are closed to it.
std::optional<Request> Pass::request_of(const Head& head) const {
  Request request{.layout = head.kind->layout,
                  .duration = duration_of(*head.kind),
                  .pools = std::vector<bool>(view_.pools.size())};
  bool is_any_open = false;
  for (std::size_t i = 0; i < view_.pools.size(); ++i) {
    const auto& pool = view_.pools[i];
    if (!head.kind->pool.empty() && head.kind->pool != pool) continue;
    if (plan_.closed.contains(pool)) continue;
    request.pools[i] = true;
    is_any_open = true;
  }
  if (!is_any_open) return std::nullopt;
  return request;
}

Pass::Verdict Pass::consider(const Head& head) {
  const auto request = request_of(head);
  if (!request) return Verdict::blocked;
  const bool is_backfill_turn =
      options_.depth > 0 && !head.is_overdue && !may_reserve(head.kind->pool);
  if (is_backfill_turn && options_.backfill_order != BackfillOrder::queue && !is_backfilling_) {
    later_.push_back(head);
    return Verdict::blocked;
  }
  if (start(head, *request)) return Verdict::started;
  if (may_trust(head)) {
    auto trusting = *request;
    trusting.duration = head.predicted;
    if (start(head, trusting)) return Verdict::started;
  }
  return wait(head, *request);
}

/// Starts the job if it fits now.
bool Pass::start(const Head& head, const Request& request) {
  const auto placement = timeline_.place_now(request);
  if (placement) plan_.starts.push_back({head.job, timeline_.allocate(request, *placement)});
  return placement.has_value();
}

/// May this job be taken to run for as long as is predicted? Not where an overdue job that is held
/// up would pay for the error, and to no use where nothing is reserved.
bool Pass::may_trust(const Head& head) const {
  if (options_.order != Order::predicted || head.is_overdue || n_reserved_.empty()) return false;
  if (head.kind->pool.empty()) return promised_.empty();
  return !promised_.contains(head.kind->pool) && !promised_.contains("");
}

/// A job that cannot start gets a reservation, if its turn has come; when nobody can tell when it
/// could start, or nobody may overtake, its pools are closed to all that come after it.
Pass::Verdict Pass::wait(const Head& head, const Request& request) {
  const auto& pool = head.kind->pool;
  if (head.is_overdue) promised_.insert(pool);
  if (options_.depth > 0 && !head.is_overdue && !may_reserve(pool)) return Verdict::blocked;
  const auto placement =
      options_.depth > 0 ? timeline_.place_later(request) : std::optional<Placement>();
  if (!placement) {
    close(pool, head.job);
    return Verdict::blocked;
  }
  timeline_.reserve(request, *placement);
  plan_.reservations.emplace(head.job, placement->start);
  ++n_reserved_[pool];
  return Verdict::reserved;
}

bool Pass::may_reserve(const std::string& pool) const {
  const auto found = n_reserved_.find(pool);
  return (found == n_reserved_.end() ? 0 : found->second) < options_.depth;
}

void Pass::close(const std::string& pool, model::JobId job) {
  plan_.closed.emplace(pool, job);
  if (!pool.empty()) return;
  for (const auto& each : view_.pools) plan_.closed.emplace(each, job);
}

}  // namespace policy
