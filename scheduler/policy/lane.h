#pragma once
// What is free on one node from now on, as far as a pass knows.

#include <span>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/layout.h"
#include "scheduler/core/view.h"

namespace policy {

/// start + duration, without overflow.
base::Time end_of(base::Time start, base::Duration duration);

/// The moment from which the job counts as over: one that is past its expected end may be over at
/// any moment; until then it counts.
base::Time when_over(base::Time expected_end, base::Time now);

scheduler::Amounts amounts_of(const model::NodeShare& share);
scheduler::Amounts amounts_of(const model::Demand& demand);
void add(scheduler::Amounts& sum, const scheduler::Amounts& more);

class Lane {
 public:
  /// What the running jobs of the node give back is known from the start.
  Lane(const scheduler::State& state, const scheduler::Node& node, base::Time now);

  const scheduler::Node& node() const { return *node_; }
  scheduler::Amounts free_now() const { return steps_.front().free; }

  /// The least that is free at any moment of [start, end).
  scheduler::Amounts least(base::Time start, base::Time end) const;

  /// All moments from which there is more or less; the first is now.
  std::vector<base::Time> changes() const;

  void take(const scheduler::Amounts& amounts, base::Time start, base::Time end);
  void give(const scheduler::Amounts& amounts, base::Time start, base::Time end);

  /// Chooses cores and GPUs that are free now and not taken by this pass.
  model::NodeShare pick(const model::Demand& demand);

 private:
  /// Free until the next step; the last one for ever.
  struct Step {
    base::Time from;
    scheduler::Amounts free;
  };

  std::size_t split(base::Time at);
  std::span<Step> steps_between(base::Time start, base::Time end);

  const scheduler::Node* node_;
  model::CoreSet cores_taken_;  // by this pass
  model::GpuSet gpus_taken_;
  std::vector<Step> steps_;
};

}  // namespace policy
