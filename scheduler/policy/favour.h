#pragma once
// What makes a job count for more or less than its wait: its owner's fair share, and its size.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
  /// cost: O(owners)
  Favour(const Weights& weights, const scheduler::View& view, base::Time now);

  Standing standing_of(const scheduler::Owner& owner) const;

  /// The part of the cluster that a job asks for, of the resource of which it asks for most.
  double size_of(const model::Layout& layout) const;

  /// What to multiply the rank with. Kinds of one owner are best asked about one after the other.
  double of(const scheduler::JobKind& kind);

 private:
  /// Of a workspace: those that have used or hold something.
  struct Users {
    std::string workspace;
    int shares;
    int n;
  };

  struct Known {
    std::uint32_t uid;
    std::string workspace;
    double factor;
  };

  void count(const scheduler::Owner& owner);

  const Weights& weights_;
  const scheduler::State& state_;
  const scheduler::Workspaces& workspaces_;
  base::Time now_;
  scheduler::Usage::Day today_;
  std::vector<Users> users_;
  std::optional<Known> last_;  // the owner that was asked about last
  double all_use_ = 0;
  double all_shares_ = 0;
  double cores_ = 0;
  double gpus_ = 0;
  double memory_ = 0;
};

}  // namespace policy
