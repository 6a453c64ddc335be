#include "scheduler/policy/claim.h"

namespace policy {

using scheduler::Claims;

Claims least_claims(const model::Layout& layout, const std::string& pool, int n_nodes) {
  const auto nodes = std::int64_t{layout.nodes.value_or(n_nodes)};
  const scheduler::Claim claim{
      .cores = std::int64_t{layout.tasks} * layout.cpus_per_task,
      .gpus = std::int64_t{layout.tasks} * layout.gpus_per_task + nodes * layout.gpus_per_node,
      .nodes = nodes,
      .jobs = 1};
  return {.all = claim, .by_pool = {{pool, claim}}};
}

Claims claims_of(const scheduler::View& view, const model::Layout& layout,
                 const Placement& placement) {
  Claims claims;
  for (const auto& part : placement.parts) {
    const auto demand = model::demand_of(layout, part.tasks);
    claims.add(view.state.nodes.at(part.place.node).info.pool, demand.cores, demand.gpus);
  }
  return claims;
}

std::optional<Placement> place_ahead(const Timeline& timeline, Request request, base::Time now,
                                     base::Time start) {
  const auto delay = start - now;
  const bool is_endless = request.duration > base::Duration::max() - delay;
  request.duration = is_endless ? base::Duration::max() : request.duration + delay;
  auto placement = timeline.place_now(request);
  if (placement) placement->start = start;
  return placement;
}

OpenPools close_pools(const scheduler::Ledger& ledger, const scheduler::View& view,
                      const scheduler::Job& job, base::Time now, Request& request) {
  if (ledger.is_empty()) return {};
  OpenPools open{.is_any = false, .is_borrowing = true, .over = {}};
  std::vector<bool> lent(view.pools.size());
  const auto end = end_of(now, request.duration);
  for (std::size_t i = 0; i < view.pools.size(); ++i) {
    if (!request.pools[i]) continue;
    const auto claims = least_claims(request.layout, view.pools[i]);
    const auto over = ledger.check(job, claims, end);
    request.pools[i] = !over;
    open.is_any = open.is_any || !over;
    if (!over) open.is_borrowing = open.is_borrowing && ledger.would_borrow(job, claims);
    lent[i] = over && over->why == scheduler::OverLimit::Why::lent;
    if (over && (!open.over || over->why > open.over->why)) open.over = over;
  }
  if (!open.is_any && open.over && open.over->why == scheduler::OverLimit::Why::lent)
    request.pools = std::move(lent);
  return open;
}

}  // namespace policy
