// Running jobs that start again on more nodes, when everybody who waits has had their turn.

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/policy/avoid.h"
#include "scheduler/policy/claim.h"
#include "scheduler/policy/lane.h"
#include "scheduler/policy/pass.h"
#include "scheduler/policy/place.h"
#include "scheduler/policy/rank.h"

namespace policy {

namespace {

using scheduler::Job;
using scheduler::JobKind;

/// Searches for room that come to nothing for one kind in one pass.
constexpr int most_vain_growths = 4;

/// What is told to end may take so much longer than its grace.
constexpr base::Duration most_delay = std::chrono::minutes(1);

bool holds(const Job& job, model::NodeId node) {
  const auto& shares = scheduler::active_attempt(job)->allocation.nodes;
  return std::ranges::find(shares, node, &model::NodeShare::node) != shares.end();
}

bool has_all_of(const Placement& placement, const std::vector<model::NodeId>& nodes) {
  return std::ranges::all_of(nodes, [&placement](model::NodeId node) {
    return std::ranges::any_of(placement.parts,
                               [node](const Part& part) { return part.place.node == node; });
  });
}

/// They come for jobs that wait.
bool are_nodes_coming(const scheduler::State& state) {
  return std::ranges::any_of(state.pools, [](const auto& pool) {
    using enum model::NodeLife;
    return pool.second.n_in(wanted) + pool.second.n_in(starting) + pool.second.n_in(preparing) > 0;
  });
}

/// Its script runs, it has still long to run, and what follows can end in time.
bool is_ripe(const scheduler::View& view, const Job& job, base::Time now) {
  if (!scheduler::active_attempt(job)->batch.is_live()) return false;
  const auto& spec = *job.spec;
  const auto end = scheduler::last_end(job);
  if (end && *end - now < *spec.grow_after) return false;
  if (!spec.deadline || !spec.time_limit) return true;
  return now + time_to_go(view, job) + most_delay + *spec.time_limit < *spec.deadline;
}

}  // namespace

/// What jobs start again on that are being ended to grow stays theirs.
void Pass::hold_promised() {
  for (const auto& [id, promise] : view_.state.owed) {
    if (!promise.victims.contains(id)) continue;
    const auto& job = view_.state.jobs.at(id);
    const auto limit = job.spec->time_limit.value_or(base::Duration::max());
    const auto start = when_over(*scheduler::expected_end(job), now_);
    const auto layout = model::with_nodes(job.layout, static_cast<int>(promise.nodes.size()));
    const Request request{.layout = layout,
                          .duration = limit,
                          .limit = limit,
                          .nodes = nullptr,
                          .licenses = &job.spec->licenses};
    const auto end = end_of(start, limit);
    for (const auto node : promise.nodes)
      timeline_.hold(request, node, holds(job, node) ? start : now_, end);
    timeline_.hold_licenses(request, start, end);
    keep_promised(job, promise.nodes, layout);
    plan_.reservations.emplace(id, start);
  }
}

/// Of quotas, what it does not have yet.
void Pass::keep_promised(const Job& job, const std::vector<model::NodeId>& nodes,
                         const model::Layout& layout) {
  scheduler::Claims claims;
  const int tasks = (layout.tasks + *layout.nodes - 1) / *layout.nodes;
  for (const auto node : nodes) {
    if (holds(job, node)) continue;
    const auto& kind = view_.state.nodes.at(node).kind;
    const auto demand = demand_on(layout, tasks, scheduler::whole_of(kind));
    claims.add(kind.pool, demand.cores, demand.gpus);
  }
  const auto held = scheduler::claims_of(view_.state, scheduler::active_attempt(job)->allocation);
  claims.all.jobs = 0;
  for (auto& [pool, claim] : claims.by_pool) {
    if (held.by_pool.contains(pool)) claim.jobs = 0;
  }
  keep(job.id, claims, now_);
}

/// A job that was ended to grow starts on what was kept for it, as far as it is there, and on no
/// more.
std::optional<Pass::Verdict> Pass::start_as_promised(const Head& head, const Request& request) {
  const auto owed = view_.state.owed.find(head.job);
  if (owed == view_.state.owed.end() || owed->second.nodes.empty()) return std::nullopt;
  auto layout = request.layout;
  layout.most_nodes = std::min(layout.most_nodes, static_cast<int>(owed->second.nodes.size()));
  auto kept = std::make_shared<Selection>(*request.nodes);
  kept->only.clear();
  for (const auto node : owed->second.nodes) {
    if (timeline_.allows(request, node)) kept->only.push_back(node);
  }
  kept->is_listed = true;
  std::ranges::sort(kept->only);
  auto within = with_layout(request, layout);
  within.nodes = std::move(kept);
  return start(head, within);
}

/// The request stays, and nobody grows where it could be. One that needs nodes that are not
/// connected, or licenses, holds up nobody there.
void Pass::leave_nodes_to(const Request& request) {
  if (!is_there_any_to_grow()) return;
  if (timeline_.lacks_licenses(request)) {
    for (const auto& [name, n] : *request.licenses) wants_.licenses.insert(name);
    return;
  }
  if (!timeline_.fits_when_empty(request) && !are_nodes_coming(view_.state)) return;
  const auto& nodes = *request.nodes;
  wants_.nodes.insert(wants_.nodes.end(), nodes.only.begin(), nodes.only.end());
  if (nodes.is_listed) return;
  wants_.kinds.resize(timeline_.kinds().size());
  for (std::size_t i = 0; i < nodes.kinds.size(); ++i)
    wants_.kinds[i] = wants_.kinds[i] || nodes.kinds[i];
}

/// Nobody grows by what would let the job start.
void Pass::leave_quota_to(const Head& head) {
  const auto nodes = is_there_any_to_grow() ? open_to(*head.wanted, is_firm(head.job)) : nullptr;
  if (nodes == nullptr) return;
  scheduler::Claims claims;
  for (const auto& pool : timeline_.kinds().pools_of(*nodes)) {
    auto here = least_claims(head.kind->layout, pool);
    claims.all = here.all;
    claims.by_pool.merge(here.by_pool);
  }
  wants_.claims.emplace_back(head.job, std::move(claims));
}

void Pass::grow_running() {
  if (!is_there_any_to_grow()) return;
  for (const auto& [job, claims] : wants_.claims) ledger_.keep(job_of(job), claims, now_);
  std::vector<const std::pair<const JobKind, Growers>*> kinds;
  for (const auto& entry : view_.state.growers) kinds.push_back(&entry);
  std::ranges::stable_sort(kinds, std::greater(), [this](const auto* entry) {
    return view_.classes.of(entry->first.class_name).base + entry->first.priority;
  });
  for (const auto* entry : kinds) {
    const auto& growers = entry->second;
    const auto next = growers.lower_bound({now_ + base::Duration(1), model::JobId(0)});
    if (next != growers.end())
      plan_.again = plan_.again ? std::min(*plan_.again, next->first) : next->first;
    if (next != growers.begin()) grow_kind(entry->first, growers);
  }
}

/// Who has waited longest for it comes first.
void Pass::grow_kind(const JobKind& kind, const Growers& growers) {
  const auto wants_license = [this](const auto& each) {
    return wants_.licenses.contains(each.first);
  };
  if (std::ranges::any_of(kind.licenses, wants_license)) return;
  auto nodes = open_to_growth(kind);
  if (nodes == nullptr) return;
  const Request request{.layout = kind.layout,
                        .duration = duration_of(kind),
                        .limit = duration_of(kind),
                        .nodes = std::move(nodes),
                        .licenses = kind.licenses.empty() ? nullptr : &kind.licenses};
  if (!is_one_free(request)) return;
  int n_vain = 0;
  for (const auto& [from, id] : growers) {
    if (from > now_ || n_vain == most_vain_growths) return;
    const auto& job = view_.state.jobs.at(id);
    const bool may_grow = !making_room_.contains(id) && is_ripe(view_, job, now_);
    if (may_grow && !grow(job, request)) ++n_vain;
  }
}

/// nullptr: jobs that stay could use all of them.
std::shared_ptr<const Selection> Pass::open_to_growth(const JobKind& kind) {
  const auto choice = kind.avoided.empty() ? kind.choice : choice_now(timeline_, kind);
  auto nodes = open_to(*wanted(kind.pool, choice), true);
  if (nodes == nullptr || (wants_.kinds.empty() && wants_.nodes.empty())) return nodes;
  auto rest = *nodes;
  for (std::size_t i = 0; i < wants_.kinds.size(); ++i)
    rest.kinds[i] = rest.kinds[i] && !wants_.kinds[i];
  rest.never.insert(rest.never.end(), wants_.nodes.begin(), wants_.nodes.end());
  std::ranges::sort(rest.never);
  rest.never.erase(std::ranges::unique(rest.never).begin(), rest.never.end());
  if (std::ranges::find(rest.kinds, true) == rest.kinds.end()) return nullptr;
  return std::make_shared<const Selection>(std::move(rest));
}

/// Has any node room for the least that a further one would be used for?
bool Pass::is_one_free(const Request& request) const {
  auto one = model::with_nodes(request.layout, request.layout.most_nodes);
  one.tasks = one.tasks / *one.nodes;
  one.nodes = 1;
  auto anybody = with_layout(request, one);
  anybody.licenses = nullptr;
  return timeline_.place_now(anybody).has_value();
}

/// Ends the job to start it again on what it has and more, which is kept for it from now on.
bool Pass::grow(const Job& job, const Request& request) {
  const auto start = now_ + time_to_go(view_, job);
  const auto held = scheduler::claims_of(view_.state, scheduler::active_attempt(job)->allocation);
  timeline_.end_early(job, now_);
  ledger_.give_back(job, held);
  const auto whole = lengthened(request, start + most_delay - now_);
  const auto placement = place_grown(job, whole);
  if (!placement) {
    timeline_.end_as_expected(job, now_);
    ledger_.take(job, held);
    return false;
  }
  const auto layout = model::with_nodes(request.layout, static_cast<int>(placement->parts.size()));
  timeline_.reserve(with_layout(whole, layout), *placement);
  ledger_.take(job, claims_of(view_, layout, *placement));
  scheduler::Growth growth{.job = job.id, .nodes = {}};
  for (const auto& part : placement->parts) growth.nodes.push_back(part.place.node);
  plan_.growths.push_back(std::move(growth));
  return true;
}

/// On all nodes that it has and as many more as there are, within what its quotas leave it without
/// borrowing.
std::optional<Placement> Pass::place_grown(const Job& job, const Request& request) const {
  std::vector<model::NodeId> own;
  for (const auto& share : scheduler::active_attempt(job)->allocation.nodes)
    own.push_back(share.node);
  // Its own nodes may be of any tier.
  auto nodes = std::make_shared<Selection>(*request.nodes);
  nodes->preferred.clear();
  const auto place = [&](int n_nodes) -> std::optional<Placement> {
    const auto layout = model::with_nodes(request.layout, n_nodes);
    auto sized = with_layout(request, layout);
    sized.former = &own;
    sized.nodes = nodes;
    auto placement = timeline_.place_now(sized);
    if (!placement || !has_all_of(*placement, own)) return std::nullopt;
    if (ledger_.is_empty()) return placement;
    const auto claims = claims_of(view_, layout, *placement);
    const bool is_within = !ledger_.check(job, claims, end_of(now_, sized.duration)) &&
                           !ledger_.would_borrow(job, claims);
    return is_within ? std::move(placement) : std::nullopt;
  };
  return place_on_most(static_cast<int>(own.size()) + 1, request.layout.most_nodes, place);
}

}  // namespace policy
