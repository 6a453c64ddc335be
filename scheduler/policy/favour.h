#pragma once
// What makes a job count for more or less than its wait: its owner's fair share, and its size.

#include <map>

#include "scheduler/core/view.h"
#include "scheduler/policy/policy.h"

namespace policy {

/// An owner's part of all recent use, and the part that is its due: that of its workspace by the
/// configured shares, the same for each user of a workspace. Use halves with each half-life.
struct Standing {
  double use = 0;
  double due = 1;

  /// From 1 for who used nothing to 0; 0.5 for who used what is due (
  /// Kay, Lauder, A Fair Share Scheduler, CACM 1988; the formula is that of Slurm's manual).
  double factor() const;
};

class Favour {
 public:
  /// cost: O(days of use of all owners)
  Favour(const Weights& weights, const scheduler::View& view, base::Time now);

  Standing standing_of(const scheduler::Owner& owner) const;

  /// The part of the cluster that a job asks for, of the resource of which it asks for most.
  double size_of(const model::Layout& layout) const;

  /// What to multiply the rank with.
  double of(const scheduler::JobKind& kind) const;

 private:
  const Weights& weights_;
  std::map<scheduler::Owner, Standing> standings_;
  double cores_ = 0;
  double gpus_ = 0;
  double memory_ = 0;
};

}  // namespace policy
