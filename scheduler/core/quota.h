#pragma once
// Limits on what users, workspaces, classes and pools hold, and an index of what they hold, kept by
// apply().

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "lib/model/quota.h"
#include "lib/model/tier.h"
#include "scheduler/core/class.h"
#include "scheduler/core/job.h"

namespace scheduler {

/// Whom it is for: one by name, "*" each for itself, "" all together.
struct Quota {
  std::string user;
  std::string workspace;
  std::string class_name;
  std::string pool;
  std::optional<model::Tier> tier = {};  // of the pools; absent: any
  std::map<model::QuotaResource, std::int64_t> limits;
  base::Duration period{};  // of hours
  bool lends = false;
  bool borrows = false;

  bool is_shared() const { return lends || borrows; }
};

/// What a job holds or would hold of the resources that are counted at a time.
struct Claim {
  std::int64_t cores = 0;
  std::int64_t gpus = 0;
  std::int64_t nodes = 0;
  std::int64_t jobs = 0;

  /// 0 for what is not counted so.
  std::int64_t of(model::QuotaResource resource) const;
  Claim& operator+=(const Claim& more);
  Claim& operator-=(const Claim& less);
  bool operator==(const Claim&) const = default;
};

/// The same, and what is of which pool; a job of two pools is one job in each of them.
struct Claims {
  Claim all;
  std::map<std::string, Claim> by_pool;

  void add(const std::string& pool, int cores, int gpus);
};

class Quotas;

/// What is of pools of this tier; absent: there is nothing.
std::optional<Claim> claim_of(const Quotas& quotas, const Claims& claims, model::Tier tier);

/// Which one a quota with "*" is counted for, and who uses one that is for a user; all else is
/// empty.
struct QuotaKey {
  std::uint32_t uid = 0;
  std::string user;
  std::string workspace;
  std::string class_name;
  std::string pool;

  auto operator<=>(const QuotaKey&) const = default;
};

/// A quota that is about a job.
struct Applied {
  std::size_t quota;                // its place
  QuotaKey key;                     // but for the pool of one with "*" there
  std::set<std::string> elsewhere;  // pools that have a quota by name instead
};

/// The configured ones; constant.
class Quotas {
 public:
  Quotas() = default;
  Quotas(std::vector<Quota> all, Classes classes, std::set<std::string> low_priority_pools = {});

  const std::vector<Quota>& all() const { return all_; }
  const Quota& at(std::size_t place) const { return all_[place]; }
  bool has_hours() const;
  model::Tier tier_of(const std::string& pool) const;

  /// Those that are about jobs of this user, workspace and class.
  /// cost: O(quotas) at the first call for these, then O(log answers)
  const std::vector<Applied>& about(const model::User& user, const std::string& workspace,
                                    const std::string& class_name) const;
  const std::vector<Applied>& about(const Job& job) const;

  /// May a job of it borrow, as far as its class and its past go?
  bool may_be_taken_back(const Job& job) const;
  bool may_be_taken_back(const Class& of) const;
  const Class& class_of(const Job& job) const { return classes_.of(job.spec->class_name); }

 private:
  using Payer = std::tuple<std::uint32_t, std::string, std::string, std::string>;

  std::vector<Applied> find(const model::User& user, const std::string& workspace,
                            const std::string& class_name) const;

  std::vector<Quota> all_;
  Classes classes_;
  std::set<std::string> low_priority_pools_;
  mutable std::map<Payer, std::vector<Applied>> known_;
};

/// "user ann in pool gpu".
std::string whose_text(const Quota& quota, const QuotaKey& key);

/// What is counted for one key of a quota.
struct QuotaCount {
  Claim held;
  std::int64_t queued = 0;

  bool operator==(const QuotaCount&) const = default;
};

/// What active and waiting jobs hold of each quota.
class Tally {
 public:
  Tally() : Tally(std::make_shared<const Quotas>()) {}
  explicit Tally(std::shared_ptr<const Quotas> quotas);

  bool is_empty() const { return quotas_->all().empty(); }  // nothing is limited
  const Quotas& quotas() const { return *quotas_; }

  void start(const Job& job, const Claims& claims);
  void end(const Job& job, const Claims& claims);
  void enter_queue(const Job& job);
  void leave_queue(const Job& job);

  /// Of the same quotas, when nobody holds anything.
  Tally without_counts() const { return Tally(quotas_); }

  QuotaCount of(std::size_t quota, const QuotaKey& key) const;
  /// Of those that hold something or wait.
  const std::map<QuotaKey, QuotaCount>& of(std::size_t quota) const { return counts_[quota]; }

  /// The quotas are configured, not part of the state.
  bool operator==(const Tally& other) const { return counts_ == other.counts_; }

 private:
  void change(std::size_t quota, const QuotaKey& key, const QuotaCount& by, int sign);
  void change_queue(const Job& job, int sign);

  std::shared_ptr<const Quotas> quotas_;
  std::vector<std::map<QuotaKey, QuotaCount>> counts_;  // by place of the quota; none is zero
};

/// Calls visit(quota's place, key, claim) for each quota that counts something of the claims.
template <class Visit>
void for_each_quota(const Quotas& quotas, const std::vector<Applied>& applied, const Claims& claims,
                    Visit visit) {
  for (const auto& each : applied) {
    const auto& pool = quotas.at(each.quota).pool;
    if (const auto tier = quotas.at(each.quota).tier) {
      if (const auto claim = claim_of(quotas, claims, *tier)) visit(each.quota, each.key, *claim);
      continue;
    }
    if (pool.empty()) {
      visit(each.quota, each.key, claims.all);
      continue;
    }
    for (const auto& [name, claim] : claims.by_pool) {
      if (pool != "*" && pool != name) continue;
      if (each.elsewhere.contains(name)) continue;
      auto key = each.key;
      if (pool == "*") key.pool = name;
      visit(each.quota, key, claim);
    }
  }
}

}  // namespace scheduler
