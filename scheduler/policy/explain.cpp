#include "scheduler/policy/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/policy/avoid.h"
#include "scheduler/policy/claim.h"
#include "scheduler/policy/explain_quota.h"
#include "scheduler/policy/place.h"
#include "scheduler/policy/rank.h"
#include "scheduler/policy/timeline.h"

namespace policy {

namespace {

using scheduler::Node;

constexpr std::size_t most_holders = 8;
constexpr std::size_t most_drained = 4;

bool fits(const Node& node, const model::Layout& layout, int tasks) {
  return room_in(layout, scheduler::free_amounts(node), scheduler::whole_of(node.kind)) >= tasks;
}

bool is_allowed(const scheduler::Job& job, const std::string& pool) {
  return job.spec->pool.empty() || job.spec->pool == pool;
}

bool may_use(const scheduler::Job& job, const scheduler::NodeKind& kind) {
  return is_allowed(job, kind.pool) && scheduler::has_chosen(kind, job.spec->choice);
}

/// The job before this one that nobody overtakes.
std::optional<model::JobId> stands_before(const std::map<scheduler::NodeKind, model::JobId>& first,
                                          const scheduler::Job& job) {
  for (const auto& [kind, other] : first) {
    if (other != job.id && may_use(job, kind)) return other;
  }
  return std::nullopt;
}

/// The same, where that job is one that names its nodes.
std::optional<model::JobId> has_closed_nodes(const scheduler::View& view,
                                             const scheduler::Plan& plan, const scheduler::Job& job,
                                             const model::NodeChoice& choice) {
  for (const auto& [id, other] : plan.closed_nodes) {
    const auto& node = view.state.nodes.at(id);
    const bool is_chosen = scheduler::is_chosen_name(choice, node.info.name);
    if (other != job.id && may_use(job, node.kind) && is_chosen) return other;
  }
  return std::nullopt;
}

std::vector<const Node*> ready_nodes(const scheduler::View& view, const scheduler::Job& job,
                                     const model::NodeChoice& choice) {
  std::vector<const Node*> nodes;
  for (const auto& [name, id] : view.state.node_by_name) {
    const auto& node = view.state.nodes.at(id);
    const bool is_chosen = may_use(job, node.kind) && scheduler::is_chosen_name(choice, name);
    if (is_chosen && scheduler::may_take_work(node)) nodes.push_back(&node);
  }
  return nodes;
}

/// What is wrong with the first node that it could have, and that is not fit for work; those that
/// are unusable come before those that are only prepared.
std::string unfit_text(const scheduler::View& view, const scheduler::Job& job,
                       const model::NodeChoice& choice) {
  std::string text;
  for (const auto& [name, id] : view.state.node_by_name) {
    const auto& node = view.state.nodes.at(id);
    if (scheduler::is_fit(node) || node.phase != scheduler::NodePhase::ready) continue;
    if (!may_use(job, node.kind) || !scheduler::is_chosen_name(choice, name)) continue;
    const bool is_unusable = node.condition->fitness == model::Fitness::unusable;
    if (text.empty() || is_unusable) text = model::describe(name, *node.condition);
    if (is_unusable) break;
  }
  return text;
}

/// What a process that outlived SIGKILL keeps on the first of these nodes where one does.
std::string undying_text(const std::vector<const Node*>& nodes) {
  for (const Node* node : nodes) {
    if (!node->undying) continue;
    const auto& first = node->undying->front();
    auto text = fmt::format("{} on {} since {}, and SIGKILL does not end it", describe(first),
                            node->info.name, to_text(first.since));
    const auto n_more = std::ssize(*node->undying) - 1;
    return n_more == 0 ? text : fmt::format("{}; nor {} more", text, n_more);
  }
  return {};
}

/// The GPUs that are out of service on the first of these nodes where one is.
std::string failing_text(const std::vector<const Node*>& nodes) {
  for (const Node* node : nodes) {
    if (!node->condition || node->condition->gpus.empty()) continue;
    const auto& failing = node->condition->gpus;
    auto text = fmt::format("on {} {} (since {})", node->info.name,
                            model::describe(failing.front()), to_text(failing.front().since));
    const auto n_more = std::ssize(failing) - 1;
    return n_more == 0 ? text : fmt::format("{}, and {} more", text, n_more);
  }
  return {};
}

/// Too few take work; those that a command keeps from it are named, and one that is not fit.
model::NodesAway away(const scheduler::View& view, const scheduler::Job& job,
                      const model::NodeChoice& choice, int n_needed, int n_ready) {
  model::NodesAway reason{
      .nodes_needed = n_needed, .nodes_ready = n_ready, .unfit = unfit_text(view, job, choice)};
  for (const auto& [name, id] : view.state.node_by_name) {
    const auto& node = view.state.nodes.at(id);
    const bool is_chosen = may_use(job, node.kind) && scheduler::is_chosen_name(choice, name);
    if (!is_chosen || !node.drain || node.phase != scheduler::NodePhase::ready) continue;
    ++reason.n_drained;
    if (reason.drained.size() < most_drained)
      reason.drained.push_back({name, node.drain->by, node.drain->reason, node.drain->until});
  }
  return reason;
}

/// The first, when these are sorted by the time at which they are expected to end.
std::vector<model::JobId> soonest(const scheduler::State& state,
                                  const std::set<model::JobId>& jobs) {
  std::vector<std::pair<base::Time, model::JobId>> ends;
  for (const auto id : jobs)
    ends.emplace_back(scheduler::expected_end(state.jobs.at(id)).value_or(base::Time::max()), id);
  std::ranges::sort(ends);
  std::vector<model::JobId> first;
  for (const auto& [at, id] : ends) {
    if (first.size() < most_holders) first.push_back(id);
  }
  return first;
}

/// The nodes that are to come for it, or why none do; of several pools the first where some come.
std::optional<model::NodesComing> coming(const scheduler::View& view, const scheduler::Job& job,
                                         const model::NodeChoice& choice) {
  using enum model::NodeLife;
  std::optional<model::NodesComing> first;
  for (const auto& configured : view.provided) {
    const auto pool = view.state.pools.find(configured.name);
    if (!is_allowed(job, configured.name) || pool == view.state.pools.end()) continue;
    model::NodesComing found{.pool = configured.name,
                             .n_nodes = 0,
                             .trouble = {},
                             .retry_at = {},
                             .is_stopped = pool->second.is_stopped,
                             .unfit = unfit_text(view, job, choice)};
    int n_waiting = 0;
    for (const auto life : {starting, preparing, wanted, unusable}) {
      const auto nodes = pool->second.by_life.find(life);
      if (nodes == pool->second.by_life.end()) continue;
      for (const auto id : nodes->second) {
        const auto& node = view.state.nodes.at(id);
        if (!may_use(job, node.kind) || !scheduler::is_chosen_name(choice, node.info.name))
          continue;
        ++(life == starting || life == preparing ? found.n_nodes : n_waiting);
      }
    }
    if (found.n_nodes > 0) return found;
    if (n_waiting == 0 || pool->second.trouble.empty() || first) continue;
    found.trouble = pool->second.trouble;
    found.retry_at = pool->second.retry_at;
    first = found;
  }
  return first;
}

model::Reason missing(const scheduler::View& view, const scheduler::Job& job,
                      const model::NodeChoice& choice) {
  if (auto nodes = coming(view, job, choice)) return *nodes;
  const auto ready = ready_nodes(view, job, choice);
  const int n_ready = static_cast<int>(ready.size());
  const int n_needed = job.layout.nodes.value_or(1);
  if (n_ready < n_needed) return away(view, job, choice, n_needed, n_ready);
  const int largest =
      job.layout.nodes ? model::tasks_by_node(job.layout).front() : job.layout.tasks;
  int n_fitting = 0;
  std::set<model::JobId> holders;
  std::vector<const Node*> unfitting;
  for (const Node* node : ready) {
    const bool is_fit = fits(*node, job.layout, largest);
    if (is_fit) ++n_fitting;
    if (is_fit) continue;
    holders.insert(node->jobs.begin(), node->jobs.end());
    unfitting.push_back(node);
  }
  const bool is_any_number = !job.layout.nodes && job.layout.tasks > 1;
  const auto per_node = model::demand_of(job.layout, largest);
  const bool needs_gpus = per_node.gpus > 0 || job.layout.whole_nodes;
  return model::ShortOfResources{.nodes_needed = is_any_number ? 0 : n_needed,
                                 .nodes_ready = n_ready,
                                 .nodes_fitting = n_fitting,
                                 .per_node = per_node,
                                 .holders = soonest(view.state, holders),
                                 .whole_nodes = job.layout.whole_nodes,
                                 .undying = undying_text(unfitting),
                                 .failing = needs_gpus ? failing_text(unfitting) : ""};
}

Request request_of(const Timeline& timeline, const scheduler::Job& job) {
  const auto limit = job.spec->time_limit.value_or(base::Duration::max());
  return {.layout = job.layout,
          .duration = limit,
          .limit = limit,
          .nodes = std::make_shared<const Selection>(timeline.kinds().select(
              [&job](const std::string& pool) { return is_allowed(job, pool); },
              choice_now(timeline, scheduler::kind_of(job)))),
          .licenses = &job.spec->licenses};
}

/// What keeps the job from starting now if nobody else waited.
class Alone {
 public:
  Alone(const scheduler::View& view, const scheduler::Job& job, const Timeline& timeline,
        base::Time now)
      : view_(view),
        job_(job),
        choice_(choice_now(timeline, scheduler::kind_of(job))),
        timeline_(timeline),
        now_(now) {}

  std::optional<model::Reason> reason() const {
    if (auto of_booking = own_booking(choice_.booking)) return of_booking;
    auto request = request_of(timeline_, job_);
    request.duration = base::Duration();
    if (timeline_.place_now(request)) return std::nullopt;
    if (const auto licenses = missing_licenses()) return licenses;
    if (timeline_.would_fit_without_bookings(request)) return other_booking();
    return missing(view_, job_, choice_);
  }

 private:
  std::optional<model::Reason> own_booking(const std::string& name) const {
    if (name.empty()) return std::nullopt;
    const auto found = view_.state.bookings.find(name);
    if (found == view_.state.bookings.end())
      return model::Booked{.booking = name, .from = {}, .until = {}, .is_own = true};
    const auto& booking = found->second.booking;
    if (booking.start <= now_) return std::nullopt;
    return model::Booked{
        .booking = name, .from = booking.start, .until = booking.end, .is_own = true};
  }

  std::optional<model::Reason> missing_licenses() const {
    for (const auto& [name, needed] : job_.spec->licenses) {
      const auto known = view_.licenses.find(name);
      const int n_all = known == view_.licenses.end() ? 0 : known->second;
      int n_free = n_all;
      std::set<model::JobId> holders;
      const auto held = view_.state.license_holders.find(name);
      if (held != view_.state.license_holders.end()) {
        for (const auto& [id, n] : held->second) {
          n_free -= n;
          holders.insert(id);
        }
      }
      if (needed <= n_free) continue;
      return model::ShortOfLicenses{.license = name,
                                    .needed = needed,
                                    .free = std::max(n_free, 0),
                                    .all = n_all,
                                    .holders = soonest(view_.state, holders)};
    }
    return std::nullopt;
  }

  /// The first that it could not end before.
  model::Reason other_booking() const {
    std::optional<model::Booked> first;
    for (const auto* node : ready_nodes(view_, job_, choice_)) {
      for (const auto& name : node->bookings) {
        const auto& booking = view_.state.bookings.at(name).booking;
        if (name == choice_.booking || (first && first->from <= booking.start)) continue;
        first = model::Booked{
            .booking = name, .from = booking.start, .until = booking.end, .is_own = false};
      }
    }
    if (first) return *first;
    return missing(view_, job_, choice_);
  }

  const scheduler::View& view_;
  const scheduler::Job& job_;
  const model::NodeChoice choice_;
  const Timeline& timeline_;
  base::Time now_;
};

std::optional<Placement> fits_now(const Timeline& timeline, Request request) {
  request.duration = base::Duration();
  return timeline.place_now(request);
}

/// With what is kept for jobs that come first.
scheduler::Ledger ledger_after(const scheduler::View& view, const scheduler::Plan& plan,
                               const scheduler::Job& job, base::Time now) {
  scheduler::Ledger ledger(view.state, now);
  for (const auto& [id, claims, start] : plan.kept) {
    const auto other = view.state.jobs.find(id);
    if (id != job.id && other != view.state.jobs.end()) ledger.keep(other->second, claims, start);
  }
  return ledger;
}

/// The limit in its way, if it is that, and not the nodes, which keeps it from starting.
std::optional<model::Quota> over_quota(const scheduler::View& view, const scheduler::Plan& plan,
                                       const scheduler::Job& job, const Timeline& timeline,
                                       base::Time now) {
  const auto ledger = ledger_after(view, plan, job, now);
  const auto anywhere = request_of(timeline, job);
  auto request = anywhere;
  const auto open = close_pools(ledger, timeline.kinds(), job, now, request);
  if (!open.is_any) return quota_reason(view, *open.over, now);
  const auto placement = fits_now(timeline, request);
  if (!placement) {
    const bool fits_elsewhere = open.over && fits_now(timeline, anywhere);
    return fits_elsewhere ? std::optional(quota_reason(view, *open.over, now)) : std::nullopt;
  }
  const auto over =
      ledger.check(job, claims_of(view, job.layout, *placement), end_of(now, request.duration));
  return over ? std::optional(quota_reason(view, *over, now)) : std::nullopt;
}

/// The same for limits that stand before it whoever comes first, and whatever nodes are free.
std::optional<model::Quota> over_any_quota(const scheduler::View& view, const scheduler::Job& job,
                                           const Timeline& timeline, base::Time now) {
  auto request = request_of(timeline, job);
  const auto open = close_pools({view.state, now}, timeline.kinds(), job, now, request);
  return open.is_any ? std::nullopt : std::optional(quota_reason(view, *open.over, now));
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
  if (owed == view.state.owed.end() || owed->second.victims.empty()) return std::nullopt;
  const auto& victims = owed->second.victims;
  model::Preempting reason{.victims = {victims.begin(), victims.end()}, .until = now};
  if (const auto start = plan.reservations.find(job.id); start != plan.reservations.end())
    reason.until = start->second;
  return reason;
}

}  // namespace

model::Reason explain(const scheduler::View& view, const scheduler::Plan& plan,
                      const scheduler::Job& job, base::Time now) {
  if (const auto reason = preempting(view, plan, job, now)) return *reason;
  const Timeline timeline(view, now);
  const bool is_limited = !view.state.tally.is_empty();
  if (const auto quota = is_limited ? over_any_quota(view, job, timeline, now) : std::nullopt)
    return *quota;
  if (const auto first = stands_before(plan.closed, job)) return model::Behind{*first};
  if (const auto quota = is_limited ? over_quota(view, plan, job, timeline, now) : std::nullopt)
    return *quota;
  if (const auto reason = Alone(view, job, timeline, now).reason()) return *reason;
  if (const auto first =
          has_closed_nodes(view, plan, job, choice_now(timeline, scheduler::kind_of(job))))
    return model::Behind{*first};
  if (const auto next = next_reserved(view, plan, job)) return *next;
  if (const auto first = stands_before(plan.held_up, job)) return model::Behind{*first};
  return model::NotConsidered{};
}

}  // namespace policy
