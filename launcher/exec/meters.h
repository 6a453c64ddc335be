#pragma once
// All that is measured of a launch while it runs.

#include <optional>

#include "launcher/exec/gpu_idle.h"
#include "launcher/exec/gpu_meter.h"
#include "launcher/exec/usage_sampler.h"
#include "lib/model/index_set.h"
#include "lib/model/outcome.h"
#include "lib/model/usage_series.h"

namespace loop {
class Loop;
}

namespace exec {

struct Launch;
class Processes;

class Meters {
 public:
  /// All of them outlive it.
  Meters(loop::Loop& loop, const Launch& launch, const Processes& processes);

  void start();
  /// Of some GPUs since the start, together; nullopt: nobody can tell.
  std::optional<model::GpuUse> gpu_use(const model::GpuSet& gpus) const {
    return gpu_meter_.use(gpus);
  }
  /// What the GPUs did, and all over time.
  void fill(model::LaunchReport& report) const;

 private:
  void tell(const model::UsageSeries& series) const;

  const Launch& launch_;
  GpuMeter gpu_meter_;
  GpuIdleWatch gpu_idle_;
  UsageSampler sampler_;
};

}  // namespace exec
