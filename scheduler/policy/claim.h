#pragma once
// What a request claims of the quotas, before it is known where it will be and after.

#include <optional>
#include <string>
#include <vector>

#include "scheduler/policy/timeline.h"

namespace policy {

/// The least that the request can hold, all of it in one pool. `n_nodes` where it asks for none;
/// `smallest` is what the smallest of the nodes has, which counts where it takes whole ones.
scheduler::Claims least_claims(const model::Layout& layout, const std::string& pool,
                               const scheduler::Amounts& smallest = {}, int n_nodes = 1);

scheduler::Claims claims_of(const scheduler::View& view, const model::Layout& layout,
                            const Placement& placement);

/// Room for a start then on nodes that have it all the time from now on, which place_later() and
/// place_at() do not look for.
std::optional<Placement> place_ahead(const Timeline& timeline, Request request, base::Time now,
                                     base::Time start);

/// The same request, for so much longer.
Request lengthened(Request request, base::Duration by);

/// Whether limits leave any of the pools that a request may use.
struct OpenPools {
  bool is_any = true;
  bool is_borrowing = false;  // in each open one the job would have more than its own
  std::optional<scheduler::OverLimit> over;  // of a closed one, the one likeliest to go away
};

/// Closes the pools of the request in which the job would exceed a limit. When it could be in none,
/// but within its own limits in some if others gave back what they borrowed, those stay.
/// cost: O(pools x quotas about the job)
OpenPools close_pools(const scheduler::Ledger& ledger, const Kinds& kinds,
                      const scheduler::Job& job, base::Time now, Request& request);

/// Parts of what the request may use, for one that would exceed a limit where it was placed first:
/// the pools of each tier, the preferred one first, and then each pool alone.
std::vector<Request> narrowed(const scheduler::View& view, const Kinds& kinds,
                              const Request& request);

}  // namespace policy
