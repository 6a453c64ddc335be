#include "scheduler/policy/explain_quota.h"

#include <set>

namespace policy {

namespace {

using model::QuotaResource;
using scheduler::Job;
using scheduler::OverLimit;

constexpr std::size_t most_named = 8;

bool is_hours(QuotaResource resource) {
  return resource == QuotaResource::gpu_hours || resource == QuotaResource::core_hours;
}

/// What the active job counts for in what is over the limit.
std::int64_t amount_of(const scheduler::View& view, const OverLimit& over, const Job& job) {
  const auto& quotas = view.state.tally.quotas();
  const auto claims = scheduler::claims_of(view.state, scheduler::active_attempt(job)->allocation);
  std::int64_t amount = 0;
  scheduler::for_each_quota(quotas, quotas.about(job), claims,
                            [&](std::size_t quota, const auto& key, const auto& claim) {
                              if (quota != over.quota || key != over.key) return;
                              amount += over.resource == QuotaResource::gpu_hours ? claim.gpus
                                        : over.resource == QuotaResource::core_hours
                                            ? claim.cores
                                            : claim.of(over.resource);
                            });
  return amount;
}

/// Active jobs: those that are known to end first, the soonest first, then the others.
template <class Visit>
void for_each_active(const scheduler::State& state, Visit visit) {
  std::set<model::JobId> seen;
  for (const auto& [when, returns] : state.expected_ends) {
    for (const auto& each : returns) {
      if (seen.insert(each.job).second) visit(state.jobs.at(each.job), when.at);
    }
  }
  for (const auto& [name, jobs] : state.active_by_class) {
    for (const auto id : jobs) {
      if (!seen.contains(id)) visit(state.jobs.at(id), base::Time::max());
    }
  }
}

void add_holder(model::Quota& reason, const Job& job) {
  if (reason.holders.size() < most_named) reason.holders.push_back(job.id);
}

/// Those who use it up, and when the known ends of them leave enough.
void add_holders(model::Quota& reason, const scheduler::View& view, const OverLimit& over,
                 base::Time now) {
  auto missing = over.used + over.kept + over.asked - over.limit;
  const bool is_awaited = !is_hours(over.resource) && over.asked <= over.limit;
  for_each_active(view.state, [&](const Job& job, base::Time end) {
    const auto amount = amount_of(view, over, job);
    if (amount == 0) return;
    add_holder(reason, job);
    if (missing > 0 && missing <= amount && is_awaited && end != base::Time::max())
      reason.until = std::max(end, now);
    missing -= amount;
  });
}

void add_borrowers(model::Quota& reason, const scheduler::View& view, const OverLimit& over,
                   base::Time now) {
  const scheduler::Ledger ledger(view.state, now);
  const scheduler::Loan loan{view.state.tally.quotas().at(over.quota).pool, over.resource};
  for_each_active(view.state, [&](const Job& job, base::Time) {
    const auto claims =
        scheduler::claims_of(view.state, scheduler::active_attempt(job)->allocation);
    if (ledger.has_borrowed(job, claims, loan)) add_holder(reason, job);
  });
}

}  // namespace

model::Quota quota_reason(const scheduler::View& view, const OverLimit& over, base::Time now) {
  const auto& quota = view.state.tally.quotas().at(over.quota);
  model::Quota reason{.whose = scheduler::whose_text(quota, over.key),
                      .resource = over.resource,
                      .used = over.used,
                      .asked = over.asked,
                      .limit = over.limit,
                      .kept = over.kept,
                      .lent = over.lent,
                      .holders = {},
                      .until = {}};
  if (over.why == OverLimit::Why::lent) {
    add_borrowers(reason, view, over, now);
  } else {
    add_holders(reason, view, over, now);
  }
  if (is_hours(over.resource))
    reason.until = scheduler::hours_free_at(view.state, quota, over.key, over.resource, now);
  return reason;
}

}  // namespace policy
