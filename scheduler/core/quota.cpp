#include "scheduler/core/quota.h"

#include <algorithm>
#include <array>
#include <optional>

#include "lib/base/check.h"
#include "lib/base/text.h"

namespace scheduler {

namespace {

using model::QuotaResource;

/// Is what the quota says at this place about this name?
bool is_about(const std::string& who, const std::string& name) {
  return who.empty() || who == "*" || who == name;
}

using Places = std::array<const std::string*, 4>;

Places places_of(const Quota& quota) {
  return {&quota.user, &quota.workspace, &quota.class_name, &quota.pool};
}

/// Is the first like the second, but for a name where that has "*"?
bool replaces(const Quota& named, const Quota& each) {
  if (named.tier != each.tier) return false;
  const auto a = places_of(named);
  const auto b = places_of(each);
  bool is_other = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (*a[i] == *b[i]) continue;
    if (*b[i] != "*" || a[i]->empty()) return false;
    is_other = true;
  }
  return is_other;
}

}  // namespace

std::int64_t Claim::of(QuotaResource resource) const {
  switch (resource) {
    case QuotaResource::cores:
      return cores;
    case QuotaResource::gpus:
      return gpus;
    case QuotaResource::nodes:
      return nodes;
    case QuotaResource::running_jobs:
      return jobs;
    case QuotaResource::queued_jobs:
    case QuotaResource::gpu_hours:
    case QuotaResource::core_hours:
      return 0;
  }
  base::check(false, "every resource is counted in one way");
  return 0;
}

Claim& Claim::operator+=(const Claim& more) {
  cores += more.cores;
  gpus += more.gpus;
  nodes += more.nodes;
  jobs += more.jobs;
  return *this;
}

Claim& Claim::operator-=(const Claim& less) {
  return *this += {-less.cores, -less.gpus, -less.nodes, -less.jobs};
}

void Claims::add(const std::string& pool, int cores, int gpus) {
  const Claim more{.cores = cores, .gpus = gpus, .nodes = 1, .jobs = 0};
  all += more;
  all.jobs = 1;
  auto& here = by_pool[pool];
  here += more;
  here.jobs = 1;
}

std::optional<Claim> claim_of(const Quotas& quotas, const Claims& claims, model::Tier tier) {
  std::optional<Claim> sum;
  for (const auto& [pool, claim] : claims.by_pool) {
    if (quotas.tier_of(pool) != tier) continue;
    const auto n_jobs = std::max(sum ? sum->jobs : 0, claim.jobs);  // one of two pools is one
    if (!sum) sum.emplace();
    *sum += claim;
    sum->jobs = n_jobs;
  }
  return sum;
}

Quotas::Quotas(std::vector<Quota> all, Classes classes, std::set<std::string> low_priority_pools)
    : all_(std::move(all)),
      classes_(std::move(classes)),
      low_priority_pools_(std::move(low_priority_pools)) {}

model::Tier Quotas::tier_of(const std::string& pool) const {
  return low_priority_pools_.contains(pool) ? model::Tier::low_priority : model::Tier::dedicated;
}

bool Quotas::has_hours() const {
  return std::ranges::any_of(all_, [](const Quota& quota) {
    return quota.limits.contains(QuotaResource::gpu_hours) ||
           quota.limits.contains(QuotaResource::core_hours);
  });
}

const std::vector<Applied>& Quotas::about(const model::User& user, const std::string& workspace,
                                          const std::string& class_name) const {
  const auto& of = classes_.of(class_name).name;
  Payer payer{user.uid, user.name, workspace, of};
  auto known = known_.find(payer);
  if (known == known_.end())
    known = known_.emplace(std::move(payer), find(user, workspace, of)).first;
  return known->second;
}

const std::vector<Applied>& Quotas::about(const Job& job) const {
  return about(job.user, job.spec->workspace, job.spec->class_name);
}

std::vector<Applied> Quotas::find(const model::User& user, const std::string& workspace,
                                  const std::string& class_name) const {
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto& quota = all_[i];
    if (is_about(quota.user, user.name) && is_about(quota.workspace, workspace) &&
        is_about(quota.class_name, class_name))
      fitting.push_back(i);
  }
  std::vector<Applied> found;
  for (const auto place : fitting) {
    const auto& quota = all_[place];
    Applied applied{.quota = place, .key = {}, .elsewhere = {}};
    bool is_replaced = false;
    for (const auto other : fitting) {
      if (!replaces(all_[other], quota)) continue;
      if (all_[other].pool == quota.pool) is_replaced = true;
      applied.elsewhere.insert(all_[other].pool);
    }
    if (is_replaced) continue;
    if (!quota.user.empty()) {
      applied.key.uid = user.uid;
      applied.key.user = user.name;
    }
    if (quota.workspace == "*") applied.key.workspace = workspace;
    if (quota.class_name == "*") applied.key.class_name = class_name;
    found.push_back(std::move(applied));
  }
  return found;
}

bool Quotas::may_be_taken_back(const Class& of) const {
  return of.max_preemptions > 0 && std::ranges::any_of(classes_.all(), [&of](const Class& other) {
           return std::ranges::find(other.preempts, of.name) != other.preempts.end();
         });
}

bool Quotas::may_be_taken_back(const Job& job) const {
  const auto& of = class_of(job);
  return may_be_taken_back(of) && n_ended_by(job, model::Cause::preempted) < of.max_preemptions;
}

std::string whose_text(const Quota& quota, const QuotaKey& key) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string_view what, const std::string& who, const std::string& one) {
    if (who.empty()) return;
    const auto& name = who == "*" ? one : who;
    parts.push_back(std::string(name.empty() ? "no " : "") + std::string(what) +
                    (name.empty() ? "" : " " + name));
  };
  add("user", quota.user, key.user);
  add("workspace", quota.workspace, key.workspace);
  add("class", quota.class_name, key.class_name);
  add("pool", quota.pool, key.pool);
  if (quota.tier) parts.push_back(std::string(to_text(*quota.tier)) + " pools");
  return parts.empty() ? "all users" : base::join(parts, " in ");
}

Tally::Tally(std::shared_ptr<const Quotas> quotas)
    : quotas_(std::move(quotas)), counts_(quotas_->all().size()) {}

void Tally::change(std::size_t quota, const QuotaKey& key, const QuotaCount& by, int sign) {
  auto& counts = counts_[quota];
  const auto found = counts.try_emplace(key).first;
  auto& count = found->second;
  sign > 0 ? count.held += by.held : count.held -= by.held;
  count.queued += sign * by.queued;
  if (count == QuotaCount()) counts.erase(found);
}

void Tally::start(const Job& job, const Claims& claims) {
  if (is_empty()) return;
  for_each_quota(*quotas_, quotas_->about(job), claims,
                 [this](std::size_t quota, const QuotaKey& key, const Claim& claim) {
                   change(quota, key, {.held = claim, .queued = 0}, 1);
                 });
}

void Tally::end(const Job& job, const Claims& claims) {
  if (is_empty()) return;
  for_each_quota(*quotas_, quotas_->about(job), claims,
                 [this](std::size_t quota, const QuotaKey& key, const Claim& claim) {
                   change(quota, key, {.held = claim, .queued = 0}, -1);
                 });
}

void Tally::enter_queue(const Job& job) {
  change_queue(job, 1);
}

void Tally::leave_queue(const Job& job) {
  change_queue(job, -1);
}

/// Where pools are told apart, a job counts for the one that it names.
void Tally::change_queue(const Job& job, int sign) {
  if (is_empty()) return;
  Claims one;
  if (!job.spec->pool.empty()) one.by_pool[job.spec->pool];
  for_each_quota(*quotas_, quotas_->about(job), one,
                 [this, sign](std::size_t quota, const QuotaKey& key, const Claim&) {
                   change(quota, key, {.held = {}, .queued = 1}, sign);
                 });
}

QuotaCount Tally::of(std::size_t quota, const QuotaKey& key) const {
  const auto found = counts_[quota].find(key);
  return found == counts_[quota].end() ? QuotaCount() : found->second;
}

}  // namespace scheduler
