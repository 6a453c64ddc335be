#pragma once
// What is free on one node from now on, as far as a pass knows.

#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "scheduler/core/view.h"
#include "scheduler/policy/profile.h"

namespace policy {

/// The moment from which the job counts as over: one that is past its expected end may be over at
/// any moment; until then it counts.
base::Time when_over(base::Time expected_end, base::Time now);

/// What comes free on the node when its share does: not what is held back.
scheduler::Amounts amounts_of(const model::NodeShare& share, const scheduler::Node& node);
scheduler::Amounts amounts_of(const model::Demand& demand);
/// What there is when no job runs.
scheduler::Amounts usable_of(const scheduler::Node& node);

class Lane {
 public:
  /// What the running jobs of the node give back is known from the start.
  Lane(const scheduler::State& state, const scheduler::Node& node, base::Time now);

  const scheduler::Node& node() const { return *node_; }
  const scheduler::Amounts& free_now() const { return profile_.first(); }

  /// The least that is free at any moment of [start, end).
  scheduler::Amounts least(base::Time start, base::Time end) const {
    return profile_.least(start, end);
  }

  /// Adds all moments from which there is more or less; the first is now.
  void add_changes(std::vector<base::Time>& times) const { profile_.add_changes(times); }

  void take(const scheduler::Amounts& amounts, base::Time start, base::Time end) {
    profile_.take(amounts, start, end);
  }
  void give(const scheduler::Amounts& amounts, base::Time start, base::Time end) {
    profile_.give(amounts, start, end);
  }

  /// Chooses cores and GPUs that are free now and not taken by this pass.
  model::NodeShare pick(const model::Demand& demand);

 private:
  const scheduler::Node* node_;
  model::CoreSet cores_taken_;  // by this pass
  model::GpuSet gpus_taken_;
  Profile<scheduler::Amounts> profile_;
};

}  // namespace policy
