#pragma once
// Looks after the ranks of this node in a step that may hang: tells the head how long none of them
// has done anything, and saves their stacks when it asks.

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/exec/stack_saver.h"
#include "launcher/map/activity.h"
#include "launcher/map/hang_report.h"
#include "launcher/map/placement.h"
#include "launcher/map/verdict.h"
#include "lib/loop/clock.h"
#include "lib/loop/timer.h"
#include "lib/model/hang_limit.h"
#include "lib/model/head_message.h"

namespace loop {
class Loop;
}

namespace exec {

class HangGuard {
 public:
  struct Doors {
    std::function<void(model::HeadMessage)> send;
    std::function<std::vector<pid_t>()> mains;  // 0 for those that have ended
    std::function<bool()> is_output_held;       // then ranks wait for whoever reads it
    std::function<void(pid_t)> tool_started;
  };

  /// The ranks are being started. `placement` and `lives` outlive the guard.
  HangGuard(loop::Loop& loop, const model::HangLimit& limit, const mapping::Placement& placement,
            const std::vector<mapping::RankLife>& lives, Doors doors);

  // By place of the rank.
  void wrote(std::size_t rank) { activity_.wrote(rank, since_.so_far()); }
  void connected(std::size_t rank);

  /// Calls `done` with a text for each rank after one for all of them; may destroy the guard then.
  void save_stacks(const std::string& node, std::string path,
                   std::function<void(std::vector<std::string>)> done);
  bool is_saving() const { return saver_.has_value(); }

 private:
  void look();
  mapping::RankReport report_of(std::size_t rank, const std::string& node) const;

  loop::Loop& loop_;
  const mapping::Placement& placement_;
  const std::vector<mapping::RankLife>& lives_;
  Doors doors_;
  loop::Elapsed since_;
  mapping::Activity activity_;
  std::vector<std::optional<base::Duration>> connected_;
  std::optional<StackSaver> saver_;
  loop::Timer timer_;
};

}  // namespace exec
