#pragma once
// Which running jobs make room for one that may not wait.

#include <optional>
#include <vector>

#include "scheduler/core/view.h"
#include "scheduler/policy/reclaim.h"
#include "scheduler/policy/timeline.h"

namespace policy {

/// A running job that may be ended, and what that would cost.
struct Candidate {
  const scheduler::Job* job;
  double cost;  // work done in vain, in seconds x cores; a GPU counts as some cores
  bool only_gives_back = false;  // may be ended for what its workspace has borrowed, and no more
};

/// Those that a job of this class may end, the cheapest first. One that was preempted as often as
/// its own class allows is left alone.
/// cost: O(active jobs of those classes)
std::vector<Candidate> candidates(const scheduler::View& view, const scheduler::Class& of,
                                  base::Time now);

/// The same with those whose workspaces have borrowed what is lent there.
/// cost: O(active jobs of classes that may borrow)
std::vector<Candidate> with_borrowers(const scheduler::View& view, const scheduler::Ledger& ledger,
                                      const std::vector<scheduler::Loan>& loans, base::Time now,
                                      std::vector<Candidate> candidates);

/// How long the job has at most until it is gone, if it is told now.
base::Duration time_to_go(const scheduler::View& view, const scheduler::Job& job);

/// When all of them are gone at the latest, if they are told now.
base::Time gone_by(const scheduler::View& view, const std::vector<Candidate>& candidates,
                   base::Time now);

/// Where a request will start at `placement.start`, once these are gone.
struct Room {
  Placement placement;
  std::vector<const scheduler::Job*> victims;
  double cost;
};

/// What the quotas say besides, where there are some.
struct QuotaRoom {
  const scheduler::View& view;
  base::Time now;
  Reclaim reclaim;
  std::vector<scheduler::Loan> loans;
};

/// A cheap set of which none can be spared; nullopt when not even all together make room. The best
/// of several greedy sets: finding the cheapest is a knapsack. What it asks of the timeline, it
/// takes back.
/// cost: O((nodes + parts of candidates) x log candidates)
std::optional<Room> make_room(Timeline& timeline, const Request& request,
                              const std::vector<Candidate>& candidates, base::Time start,
                              QuotaRoom* quotas = nullptr);

}  // namespace policy
