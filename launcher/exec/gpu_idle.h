#pragma once
// Says when the GPUs of a launch have done nothing for long: in the file `gpus_idle` of its
// directory, which goes when they work again.

#include <optional>

#include "launcher/exec/gpu_meter.h"
#include "lib/base/time.h"
#include "lib/loop/clock.h"
#include "lib/loop/timer.h"
#include "lib/model/index_set.h"

namespace exec {

class LaunchDir;

class GpuIdleWatch {
 public:
  /// All of them outlive it.
  GpuIdleWatch(loop::Loop& loop, const LaunchDir& dir, const GpuMeter& meter,
               const model::GpuSet& gpus);

  /// `notice`: for so long they do nothing until that is said; 0: never.
  void start(base::Duration notice);

 private:
  void look();

  const LaunchDir& dir_;
  const GpuMeter& meter_;
  const model::GpuSet& gpus_;
  base::Duration notice_{};
  std::optional<base::Time> since_;  // of the first look, or the last at which they had worked
  loop::Elapsed idle_;               // since then: clocks may be set
  base::Duration busy_{};            // until then
  bool is_said_ = false;
  loop::Timer timer_;
};

}  // namespace exec
