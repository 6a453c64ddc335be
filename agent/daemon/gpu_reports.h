#pragma once
// What launches say of GPUs that do nothing, for the controller: the file `gpus_idle` of each
// (launcher/exec/gpu_idle.h).

#include <functional>
#include <map>
#include <optional>

#include "agent/daemon/launch_dirs.h"
#include "lib/base/time.h"
#include "lib/loop/timer.h"
#include "lib/model/agent_message.h"
#include "lib/model/ids.h"

namespace agentd {

class GpuReports {
 public:
  /// `tell` returns false when it could not be said now.
  using Tell = std::function<bool(const model::ReportGpus&)>;

  GpuReports(loop::Loop& loop, const LaunchDirs& dirs, Tell tell);

  /// A launch runs that may have GPUs; and it has ended.
  void watch(const model::LaunchKey& key);
  void forget(const model::LaunchKey& key);

  /// The controller may have lost what was said last, or not know what an earlier agent said.
  void tell_again();

 private:
  /// What was told; none: nothing yet.
  using Told = std::optional<std::optional<base::Time>>;

  void look();

  LaunchDirs dirs_;
  Tell tell_;
  std::map<model::LaunchKey, Told> told_;
  loop::Timer timer_;
};

}  // namespace agentd
