#include "scheduler/policy/claim.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "scheduler/policy/place.h"

namespace policy {

using scheduler::Claims;

Claims least_claims(const model::Layout& layout, const std::string& pool,
                    const scheduler::Amounts& smallest, int n_nodes) {
  const auto nodes = std::int64_t{layout.nodes.value_or(n_nodes)};
  scheduler::Claim claim{
      .cores = std::int64_t{layout.tasks} * layout.cpus_per_task,
      .gpus = std::int64_t{layout.tasks} * layout.gpus_per_task + nodes * layout.gpus_per_node,
      .nodes = nodes,
      .jobs = 1};
  if (layout.whole_nodes) {
    claim.cores = std::max(claim.cores, nodes * smallest.cores);
    claim.gpus = std::max(claim.gpus, nodes * smallest.gpus);
  }
  return {.all = claim, .by_pool = {{pool, claim}}};
}

Claims claims_of(const scheduler::View& view, const model::Layout& layout,
                 const Placement& placement) {
  Claims claims;
  for (const auto& part : placement.parts) {
    const auto& kind = view.state.nodes.at(part.place.node).kind;
    const auto demand = demand_on(layout, part.tasks, scheduler::whole_of(kind));
    claims.add(kind.pool, demand.cores, demand.gpus);
  }
  return claims;
}

Request lengthened(Request request, base::Duration by) {
  for (auto* span : {&request.duration, &request.limit})
    *span = *span > base::Duration::max() - by ? base::Duration::max() : *span + by;
  return request;
}

std::optional<Placement> place_ahead(const Timeline& timeline, Request request, base::Time now,
                                     base::Time start) {
  auto placement = timeline.place_now(lengthened(std::move(request), start - now));
  if (placement) placement->start = start;
  return placement;
}

OpenPools close_pools(const scheduler::Ledger& ledger, const Kinds& kinds,
                      const scheduler::Job& job, base::Time now, Request& request) {
  if (ledger.is_empty()) return {};
  OpenPools open{.is_any = false, .is_borrowing = true, .over = {}};
  std::set<std::string> within;
  std::set<std::string> lent;
  const auto end = end_of(now, request.duration);
  for (const auto& pool : kinds.pools_of(*request.nodes)) {
    const auto claims = least_claims(request.layout, pool, kinds.smallest(*request.nodes, pool));
    const auto over = ledger.check(job, claims, end);
    if (!over) within.insert(pool);
    if (!over) open.is_borrowing = open.is_borrowing && ledger.would_borrow(job, claims);
    if (over && over->why == scheduler::OverLimit::Why::lent) lent.insert(pool);
    if (over && (!open.over || over->why > open.over->why)) open.over = over;
  }
  open.is_any = !within.empty() || !open.over;
  const bool is_lent = open.over && open.over->why == scheduler::OverLimit::Why::lent;
  if (open.over)
    request.nodes = kinds.only_in(request.nodes, open.is_any || !is_lent ? within : lent);
  return open;
}

std::vector<Request> narrowed(const scheduler::View& view, const Kinds& kinds,
                              const Request& request) {
  const auto pools = kinds.pools_of(*request.nodes);
  std::vector<Request> parts;
  if (pools.size() < 2) return parts;
  const auto add = [&](const std::set<std::string>& some) {
    if (some.empty() || some.size() == pools.size()) return;
    parts.push_back(request);
    parts.back().nodes = kinds.only_in(request.nodes, some);
  };
  std::set<std::string> of_tier;
  std::set<std::string> others;
  for (const auto& pool : pools) {
    const bool is_dedicated = view.state.tally.quotas().tier_of(pool) == model::Tier::dedicated;
    (is_dedicated ? of_tier : others).insert(pool);
  }
  const auto& preferred = request.nodes->preferred;
  for (std::size_t i = 0; i < preferred.size(); ++i) {
    if (!preferred[i] || !others.contains(kinds.kind(i).pool)) continue;
    std::swap(of_tier, others);
    break;
  }
  add(of_tier);
  add(others);
  for (const auto& pool : of_tier) add({pool});
  for (const auto& pool : others) add({pool});
  return parts;
}

}  // namespace policy
