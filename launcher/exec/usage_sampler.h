#pragma once
// What a launch uses over time, looked at again and again at little cost: more and more seldom, the
// longer it runs.

#include <functional>
#include <optional>

#include "launcher/exec/gpu_meter.h"
#include "launcher/exec/launch_group.h"
#include "lib/base/time.h"
#include "lib/loop/timer.h"
#include "lib/model/index_set.h"
#include "lib/model/usage_series.h"

namespace exec {

class UsageSampler {
 public:
  /// Where the numbers are. Network traffic is not among them: the kernel counts it by interface,
  /// and the processes of a launch have none of their own.
  struct Sources {
    std::function<base::Duration()> ended_cpu;  // of processes of the launch that have ended
    const LaunchGroup* group = nullptr;         // null: there is none
    const GpuMeter& gpu_meter;
    const model::GpuSet& gpus;
    /// Is given the series up to now, now and then, for who asks while the launch runs.
    std::function<void(const model::UsageSeries&)> tell;
  };

  /// The sources outlive it.
  UsageSampler(loop::Loop& loop, Sources sources);

  void start();
  /// Until now.
  model::UsageSeries series() const;

 private:
  /// Since the start, but for the memory, which is that of now.
  model::UsagePoint count() const;
  void look();
  void note_most(const model::UsagePoint& now);
  model::UsagePoint point_until(const model::UsagePoint& now) const;

  Sources sources_;
  model::UsageSeries series_;
  base::Time point_began_;
  model::UsagePoint before_;  // when it began
  model::UsagePoint most_;    // at any look since then
  std::optional<base::Time> told_at_;
  loop::Timer timer_;
};

}  // namespace exec
