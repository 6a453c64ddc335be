#pragma once
// What a launch uses over time, looked at again and again at little cost: more and more seldom, the
// longer it runs.

#include <functional>

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
  };

  /// The sources outlive it.
  UsageSampler(loop::Loop& loop, Sources sources);

  void start();
  /// Until now; the last interval, which is not over, is left out.
  const model::UsageSeries& series() const { return series_; }

 private:
  /// Since the start, but for the memory, which is that of now.
  model::UsagePoint count() const;
  void look();

  Sources sources_;
  model::UsageSeries series_;
  base::Time point_began_;
  model::UsagePoint before_;  // when it began
  model::UsagePoint most_;    // memory since then
  loop::Timer timer_;
};

}  // namespace exec
