#pragma once
// Which running jobs make room for one that may not wait.

#include <vector>

#include "scheduler/core/view.h"
#include "scheduler/policy/timeline.h"

namespace policy {

/// A running job that may be ended, and what that would cost.
struct Candidate {
  const scheduler::Job* job;
  double cost;  // work done in vain, in seconds x cores; a GPU counts as some cores
};

/// Those that a job of this class may end, the cheapest first. One that was preempted as often as
/// its own class allows is left alone.
/// cost: O(active jobs of those classes)
std::vector<Candidate> candidates(const scheduler::View& view, const scheduler::Class& of,
                                  base::Time now);

/// When all of them are gone at the latest, if they are told now.
base::Time gone_by(const scheduler::View& view, const std::vector<Candidate>& candidates,
                   base::Time now);

/// Where a request will start at `placement.start`, once these are gone.
struct Room {
  Placement placement;
  std::vector<const scheduler::Job*> victims;
  double cost;
};

/// A cheap set of which none can be spared; nullopt when not even all together make room. The best
/// of several greedy sets: finding the cheapest is a knapsack. What it asks of the timeline, it
/// takes back.
/// cost: O((nodes + parts of candidates) x log candidates)
std::optional<Room> make_room(Timeline& timeline, const Request& request,
                              const std::vector<Candidate>& candidates, base::Time start);

}  // namespace policy
