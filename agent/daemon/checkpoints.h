#pragma once
// The checkpoint files of running jobs: a job touches its file when its work is safe, and the
// controller is told.

#include <functional>
#include <map>
#include <optional>

#include "agent/daemon/launch_dirs.h"
#include "lib/base/time.h"
#include "lib/loop/timer.h"
#include "lib/model/agent_message.h"
#include "lib/model/ids.h"

namespace agentd {

class Checkpoints {
 public:
  /// `tell` returns false when it could not be said now.
  using Tell = std::function<bool(const model::ReportCheckpoint&)>;

  Checkpoints(loop::Loop& loop, const LaunchDirs& dirs, Tell tell);

  /// A batch launch runs.
  void watch(const model::LaunchKey& key);
  /// It has ended: what it touched last is told first.
  void forget(const model::LaunchKey& key);

  /// The controller may have lost what was said last.
  void tell_again();

 private:
  void look();
  void look_at(const model::LaunchKey& key, std::optional<base::Time>& told);

  LaunchDirs dirs_;
  Tell tell_;
  std::map<model::LaunchKey, std::optional<base::Time>> told_;
  loop::Timer timer_;
};

}  // namespace agentd
