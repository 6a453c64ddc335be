#pragma once
// What the quotas leave for a job, while a pass gives it away.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/time.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// What an allocation claims of the quotas.
Claims claims_of(const State& state, const model::Allocation& allocation);

/// What was used of a quota's hours in the period that ends now, by what has ended and what runs.
/// cost: O(owners) where the quota is not for a user, and their days
Amount hours_used(const State& state, const Quota& quota, const QuotaKey& key, base::Time now);

/// The first midnight from which less than the limit counts, if nothing runs on until then.
std::optional<base::Time> hours_free_at(const State& state, const Quota& quota, const QuotaKey& key,
                                        model::QuotaResource resource, base::Time now);

/// A limit that a job would exceed.
struct OverLimit {
  enum class Why {
    limit,  // all of it is used, and nothing can be borrowed
    alone,  // others of its kind could borrow; this job has made room too often
    kept,   // the rest is kept for jobs with a reservation
    lent    // it would be within its own limit, but others have borrowed of it
  };
  std::size_t quota;
  QuotaKey key;
  model::QuotaResource resource;
  Why why = Why::limit;
  std::int64_t used = 0;
  std::int64_t asked = 0;
  std::int64_t limit = 0;
  std::int64_t kept = 0;
  std::int64_t lent = 0;
};

/// A resource that workspaces lend to each other, in one pool or, "", in all.
struct Loan {
  std::string pool;
  model::QuotaResource resource;
};

/// A claim that is kept for a job until it starts.
struct Kept {
  model::JobId job;
  Claims claims;
  base::Time start;
};

class Ledger {
 public:
  Ledger(const State& state, base::Time now) : state_(&state), now_(now) {}

  bool is_empty() const { return state_->tally.is_empty(); }

  /// The limit that stands before the job, which would hold these claims from now until `end`; of
  /// several the one that is least likely to go away. Hours do not stand before a job that others
  /// were ended for.
  /// cost: O(quotas about the job), and O(workspaces) for those that lend or borrow
  std::optional<OverLimit> check(const Job& job, const Claims& claims, base::Time end) const;

  /// Would it have more than its own of something that is lent?
  bool would_borrow(const Job& job, const Claims& claims) const;

  void take(const Job& job, const Claims& claims) { change(job, claims, 1); }
  void give_back(const Job& job, const Claims& claims) { change(job, claims, -1); }

  /// Nobody who would hold something of it from `start` on gets these claims.
  void keep(const Job& job, const Claims& claims, base::Time start);

  /// Where a quota of the job lends and has room for these claims.
  std::vector<Loan> lends_to_others(const Job& job, const Claims& claims) const;

  /// Could the limits of its own never hold these claims?
  bool needs_loan(const Job& job, const Claims& claims) const;

  /// Is the job, which holds these claims, one of a workspace that has borrowed some?
  bool has_borrowed(const Job& job, const Claims& claims, const Loan& loan) const;

  /// What others use of this quota's unused part, and what it uses beyond its limit.
  std::int64_t lent(std::size_t quota, const QuotaKey& key, model::QuotaResource resource) const;
  std::int64_t borrowed(std::size_t quota, const QuotaKey& key,
                        model::QuotaResource resource) const;

 private:
  struct KeptClaim {
    std::size_t quota;
    QuotaKey key;
    Claim claim;
    base::Time start;
  };
  struct Balance {
    std::int64_t lendable = 0;
    std::int64_t borrowed = 0;
  };
  /// A job that asks for something now.
  struct Asking {
    const Job& job;
    base::Time end;
  };

  void change(const Job& job, const Claims& claims, int sign);
  Claim held(std::size_t quota, const QuotaKey& key) const;
  Claim kept(std::size_t quota, const QuotaKey& key, base::Time end) const;
  std::int64_t counted(std::size_t quota, const QuotaKey& key, model::QuotaResource resource,
                       base::Time end) const;
  Balance balance(const Loan& loan, base::Time end, std::size_t before_quota) const;
  std::optional<OverLimit> check_held(const Asking& asking, OverLimit over) const;
  std::optional<OverLimit> check_shared(const Asking& asking, OverLimit over) const;
  std::optional<OverLimit> check_hours(const Job& job, const Claim& claim, OverLimit over) const;
  const Quotas& quotas() const { return state_->tally.quotas(); }

  const State* state_;
  base::Time now_;
  std::map<std::pair<std::size_t, QuotaKey>, Claim> changes_;  // by the pass
  std::vector<KeptClaim> kept_;
  mutable std::map<std::pair<std::size_t, QuotaKey>, Amount> hours_;  // as they are asked for
};

}  // namespace scheduler
