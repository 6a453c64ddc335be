#include "scheduler/core/ledger.h"

#include <algorithm>

namespace scheduler {

namespace {

using model::QuotaResource;
using Why = OverLimit::Why;

constexpr auto no_end = base::Time::max();
constexpr auto all_quotas = static_cast<std::size_t>(-1);

bool is_hours(QuotaResource resource) {
  return resource == QuotaResource::gpu_hours || resource == QuotaResource::core_hours;
}

bool is_lendable(QuotaResource resource) {
  return resource == QuotaResource::cores || resource == QuotaResource::gpus ||
         resource == QuotaResource::nodes;
}

std::optional<std::int64_t> limit_of(const Quota& quota, QuotaResource resource) {
  const auto found = quota.limits.find(resource);
  return found == quota.limits.end() ? std::nullopt : std::optional(found->second);
}

bool takes_part(const Quota& quota, const Loan& loan) {
  return quota.is_shared() && quota.pool == loan.pool && quota.limits.contains(loan.resource);
}

/// What is left to others, or, below zero, taken from them.
std::int64_t balance_of(const Quota& quota, std::int64_t limit, std::int64_t used) {
  return used < limit && !quota.lends ? 0 : limit - used;
}

Usage::Day day_of(base::Time time) {
  return Usage::Day(std::chrono::floor<std::chrono::days>(time.time_since_epoch()));
}

base::Time start_of(Usage::Day day) {
  return base::Time(std::chrono::duration_cast<base::Duration>(day.time_since_epoch()));
}

/// The days of a period that ends now: today and those before it.
Usage::Day first_day(const Quota& quota, base::Time now) {
  return day_of(now) + std::chrono::days(1) -
         std::chrono::duration_cast<std::chrono::days>(quota.period);
}

bool is_of(const Owner& owner, const Quota& quota, const QuotaKey& key) {
  if (!quota.user.empty() && owner.first != key.uid) return false;
  if (quota.workspace.empty()) return true;
  return owner.second == (quota.workspace == "*" ? key.workspace : quota.workspace);
}

/// Calls visit(value) for each value of a map by owners that counts for the key.
template <class Map, class Visit>
void for_each_owner(const Map& by_owner, const Quota& quota, const QuotaKey& key, Visit visit) {
  auto at = by_owner.begin();
  if (!quota.user.empty()) at = by_owner.lower_bound({key.uid, ""});
  for (; at != by_owner.end(); ++at) {
    if (!quota.user.empty() && at->first.first != key.uid) return;
    if (is_of(at->first, quota, key)) visit(at->second);
  }
}

void add(Amount& sum, const Amount& more) {
  sum.core_time += more.core_time;
  sum.gpu_time += more.gpu_time;
}

/// By what has ended, from that day on.
Amount used_since(const State& state, const Quota& quota, const QuotaKey& key, Usage::Day first) {
  Amount sum;
  for_each_owner(state.usage.by_owner(), quota, key, [&](const Usage::Days& days) {
    const auto& by_day = days.by_day();
    for (auto day = by_day.lower_bound(first); day != by_day.end(); ++day) add(sum, day->second);
  });
  return sum;
}

/// The day has no precise start for what runs: it counts for as long as the period lasts at most.
Amount running_since(const State& state, const Quota& quota, const QuotaKey& key, base::Time first,
                     base::Time now) {
  Amount sum;
  for_each_owner(state.holdings, quota, key, [&](const Holding& holding) {
    const auto whole = holding.until(now);
    add(sum, {.core_time = std::min(whole.core_time, (now - first) * holding.cores),
              .gpu_time = std::min(whole.gpu_time, (now - first) * holding.gpus)});
  });
  return sum;
}

base::Duration time_of(const Amount& amount, QuotaResource resource) {
  return resource == QuotaResource::gpu_hours ? amount.gpu_time : amount.core_time;
}

/// The one that is least likely to go away.
bool is_worse(const OverLimit& a, const std::optional<OverLimit>& b) {
  return !b || a.why < b->why;
}

}  // namespace

Claims claims_of(const State& state, const model::Allocation& allocation) {
  Claims claims;
  for (const auto& share : allocation.nodes) {
    claims.add(state.nodes.at(share.node).info.pool, share.cores.count(), share.gpus.count());
  }
  return claims;
}

Amount hours_used(const State& state, const Quota& quota, const QuotaKey& key, base::Time now) {
  const auto first = first_day(quota, now);
  auto sum = used_since(state, quota, key, first);
  add(sum, running_since(state, quota, key, start_of(first), now));
  return sum;
}

std::optional<base::Time> hours_free_at(const State& state, const Quota& quota, const QuotaKey& key,
                                        QuotaResource resource, base::Time now) {
  const std::chrono::hours limit(quota.limits.at(resource));
  if (limit == limit.zero()) return std::nullopt;
  const auto first = first_day(quota, now);
  const auto running = running_since(state, quota, key, start_of(first), now);
  if (time_of(running, resource) > base::Duration()) return std::nullopt;
  const auto n_days = std::chrono::duration_cast<std::chrono::days>(quota.period);
  for (auto day = first; day <= day_of(now); day += std::chrono::days(1)) {
    const auto left = used_since(state, quota, key, day + std::chrono::days(1));
    if (time_of(left, resource) < limit) return start_of(day + n_days);
  }
  return std::nullopt;
}

void Ledger::change(const Job& job, const Claims& claims, int sign) {
  for_each_quota(quotas(), quotas().about(job), claims,
                 [this, sign](std::size_t quota, const QuotaKey& key, const Claim& claim) {
                   auto& change = changes_[{quota, key}];
                   sign > 0 ? change += claim : change -= claim;
                 });
}

void Ledger::keep(const Job& job, const Claims& claims, base::Time start) {
  for_each_quota(quotas(), quotas().about(job), claims,
                 [this, start](std::size_t quota, const QuotaKey& key, const Claim& claim) {
                   kept_.push_back({quota, key, claim, start});
                 });
}

Claim Ledger::held(std::size_t quota, const QuotaKey& key) const {
  auto claim = state_->tally.of(quota, key).held;
  const auto change = changes_.find({quota, key});
  if (change != changes_.end()) claim += change->second;
  return claim;
}

Claim Ledger::kept(std::size_t quota, const QuotaKey& key, base::Time end) const {
  Claim sum;
  for (const auto& each : kept_) {
    if (each.quota == quota && each.key == key && each.start < end) sum += each.claim;
  }
  return sum;
}

std::int64_t Ledger::counted(std::size_t quota, const QuotaKey& key, QuotaResource resource,
                             base::Time end) const {
  return held(quota, key).of(resource) + kept(quota, key, end).of(resource);
}

/// Of the quotas before this one in the configuration.
Ledger::Balance Ledger::balance(const Loan& loan, base::Time end, std::size_t before_quota) const {
  Balance sum;
  const auto n_quotas = std::min(before_quota, quotas().all().size());
  for (std::size_t place = 0; place < n_quotas; ++place) {
    const auto& quota = quotas().at(place);
    if (!takes_part(quota, loan)) continue;
    const auto limit = quota.limits.at(loan.resource);
    const auto count = [&](const QuotaKey& key) {
      const auto left = balance_of(quota, limit, counted(place, key, loan.resource, end));
      left > 0 ? sum.lendable += left : sum.borrowed -= left;
    };
    if (quota.workspace != "*") {
      count({});
      continue;
    }
    for (const auto& [key, used] : state_->tally.of(place)) count(key);
  }
  return sum;
}

std::optional<OverLimit> Ledger::check_held(const Asking& asking, OverLimit over) const {
  const auto& quota = quotas().at(over.quota);
  if (quota.is_shared() && is_lendable(over.resource)) return check_shared(asking, over);
  if (over.used + over.kept + over.asked <= over.limit) return std::nullopt;
  over.why = over.used + over.asked <= over.limit ? Why::kept : Why::limit;
  return over;
}

/// Together, those that lend and those that borrow stay within what all of them have.
std::optional<OverLimit> Ledger::check_shared(const Asking& asking, OverLimit over) const {
  const auto& quota = quotas().at(over.quota);
  const auto before = over.used + over.kept;
  const auto after = before + over.asked;
  const bool is_own = after <= over.limit;
  const bool may_its_class =
      quota.borrows && quotas().may_be_taken_back(quotas().class_of(asking.job));
  // One that its own limit can never hold would wait for ever: it goes on borrowing.
  const bool may_borrow =
      may_its_class && (over.asked > over.limit || quotas().may_be_taken_back(asking.job));
  if (!is_own && !may_borrow) {
    over.why = may_its_class ? Why::alone : Why::limit;
    return over;
  }
  const auto change = balance_of(quota, over.limit, after) - balance_of(quota, over.limit, before);
  if (change == 0) return std::nullopt;
  const auto sum = balance({quota.pool, over.resource}, asking.end, all_quotas);
  if (sum.lendable - sum.borrowed + change >= 0) return std::nullopt;
  over.why = is_own ? Why::lent : Why::limit;
  over.lent = lent(over.quota, over.key, over.resource);
  return over;
}

std::optional<OverLimit> Ledger::check_hours(const Job& job, const Claim& claim,
                                             OverLimit over) const {
  const auto held = over.resource == QuotaResource::gpu_hours ? claim.gpus : claim.cores;
  if (held == 0 || state_->owed.contains(job.id)) return std::nullopt;
  auto known = hours_.find({over.quota, over.key});
  if (known == hours_.end()) {
    const auto used = hours_used(*state_, quotas().at(over.quota), over.key, now_);
    known = hours_.emplace(std::pair(over.quota, over.key), used).first;
  }
  const auto used = time_of(known->second, over.resource);
  if (used < std::chrono::hours(over.limit)) return std::nullopt;
  over.used = std::chrono::duration_cast<std::chrono::hours>(used).count();
  over.asked = 0;
  return over;
}

std::optional<OverLimit> Ledger::check(const Job& job, const Claims& claims, base::Time end) const {
  if (is_empty()) return std::nullopt;
  std::optional<OverLimit> worst;
  const Asking asking{job, end};
  for_each_quota(quotas(), quotas().about(job), claims,
                 [&](std::size_t place, const QuotaKey& key, const Claim& claim) {
                   const auto used = held(place, key);
                   const auto reserved = kept(place, key, end);
                   for (const auto& [resource, limit] : quotas().at(place).limits) {
                     OverLimit over{.quota = place,
                                    .key = key,
                                    .resource = resource,
                                    .used = used.of(resource),
                                    .asked = claim.of(resource),
                                    .limit = limit,
                                    .kept = reserved.of(resource)};
                     if (!is_hours(resource) && over.asked == 0) continue;
                     const auto found = is_hours(resource) ? check_hours(job, claim, over)
                                                           : check_held(asking, over);
                     if (found && is_worse(*found, worst)) worst = found;
                   }
                 });
  return worst;
}

bool Ledger::would_borrow(const Job& job, const Claims& claims) const {
  bool would = false;
  for_each_quota(quotas(), quotas().about(job), claims,
                 [&](std::size_t place, const QuotaKey& key, const Claim& claim) {
                   const auto& quota = quotas().at(place);
                   if (!quota.borrows) return;
                   for (const auto& [resource, limit] : quota.limits) {
                     const auto asked = is_lendable(resource) ? claim.of(resource) : 0;
                     would = would || (asked > 0 && held(place, key).of(resource) + asked > limit);
                   }
                 });
  return would;
}

std::vector<Loan> Ledger::lends_to_others(const Job& job, const Claims& claims) const {
  std::vector<Loan> loans;
  for_each_quota(quotas(), quotas().about(job), claims,
                 [&](std::size_t place, const QuotaKey& key, const Claim& claim) {
                   const auto& quota = quotas().at(place);
                   if (!quota.lends) return;
                   for (const auto& [resource, limit] : quota.limits) {
                     const auto asked = claim.of(resource);
                     if (!is_lendable(resource) || asked == 0) continue;
                     if (counted(place, key, resource, no_end) + asked <= limit)
                       loans.push_back({quota.pool, resource});
                   }
                 });
  return loans;
}

bool Ledger::needs_loan(const Job& job, const Claims& claims) const {
  bool needs = false;
  for_each_quota(quotas(), quotas().about(job), claims,
                 [&](std::size_t place, const QuotaKey&, const Claim& claim) {
                   const auto& quota = quotas().at(place);
                   if (!quota.borrows) return;
                   for (const auto& [resource, limit] : quota.limits)
                     needs = needs || (is_lendable(resource) && claim.of(resource) > limit);
                 });
  return needs;
}

bool Ledger::has_borrowed(const Job& job, const Claims& claims, const Loan& loan) const {
  bool has = false;
  for_each_quota(quotas(), quotas().about(job), claims,
                 [&](std::size_t place, const QuotaKey& key, const Claim& claim) {
                   if (!takes_part(quotas().at(place), loan) || claim.of(loan.resource) == 0)
                     return;
                   has = has || borrowed(place, key, loan.resource) > 0;
                 });
  return has;
}

std::int64_t Ledger::lent(std::size_t place, const QuotaKey& key, QuotaResource resource) const {
  const auto& quota = quotas().at(place);
  const auto limit = limit_of(quota, resource);
  if (!quota.lends || !limit || !is_lendable(resource)) return 0;
  const Loan loan{quota.pool, resource};
  const auto unused = std::max<std::int64_t>(*limit - held(place, key).of(resource), 0);
  const auto by_others = balance(loan, now_, all_quotas).borrowed;
  return std::clamp<std::int64_t>(by_others - balance(loan, now_, place).lendable, 0, unused);
}

std::int64_t Ledger::borrowed(std::size_t place, const QuotaKey& key,
                              QuotaResource resource) const {
  const auto limit = limit_of(quotas().at(place), resource);
  if (!quotas().at(place).borrows || !limit || !is_lendable(resource)) return 0;
  return std::max<std::int64_t>(held(place, key).of(resource) - *limit, 0);
}

}  // namespace scheduler
