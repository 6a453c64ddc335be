#pragma once
// Who has borrowed what a job may have by its own quota, and what is left when they give it back.

#include <set>
#include <vector>

#include "scheduler/policy/claim.h"

namespace policy {

class Reclaim {
 public:
  /// Jobs that are expected to be over by `start` count as gone.
  Reclaim(const scheduler::View& view, const scheduler::Ledger& ledger, const scheduler::Job& job,
          base::Time start);

  /// From now on this running job counts as gone; or as there again.
  void set_gone(const scheduler::Job& victim, bool is_gone);

  /// Would the quotas let the job hold this?
  bool allows(const scheduler::Claims& claims, base::Time end) const;

  /// Is the victim of a workspace that has borrowed, with those that are gone, still more than its
  /// own, and that the job's quota lends?
  bool takes_back(const scheduler::Job& victim, const std::vector<scheduler::Loan>& loans) const;

 private:
  const scheduler::View& view_;
  scheduler::Ledger ledger_;
  const scheduler::Job& job_;
  std::set<model::JobId> over_by_then_;
};

/// The running jobs of workspaces that borrow what is lent there, and that may be ended for it.
/// cost: O(active jobs of classes that may borrow)
std::vector<const scheduler::Job*> borrowers(const scheduler::View& view,
                                             const scheduler::Ledger& ledger,
                                             const std::vector<scheduler::Loan>& loans);

}  // namespace policy
