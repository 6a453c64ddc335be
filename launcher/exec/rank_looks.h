#pragma once
// Looks a few times after their start at those ranks of this node that have not come to their PMIx
// or PMI-1 server, for mapping::Doctor. Costs nothing while all have come, or when all end soon.

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "launcher/map/placement.h"
#include "launcher/map/verdict.h"
#include "lib/loop/timer.h"
#include "lib/model/head_message.h"
#include "lib/model/start_up.h"

namespace loop {
class Loop;
}

namespace exec {

class RankLooks {
 public:
  struct Doors {
    std::function<void(model::HeadMessage)> send;
    std::function<std::vector<pid_t>()> mains;  // 0 for those that have ended
  };

  /// The ranks are being started. `placement` and `lives` outlive this object.
  RankLooks(loop::Loop& loop, const mapping::Placement& placement,
            const std::vector<mapping::RankLife>& lives, model::StartUp offered, Doors doors);

  /// Looks no more, and tells what was seen: before the head is told of the node's end.
  void finish();

 private:
  void next();
  void look(std::size_t most);
  bool has_mpi(std::size_t rank) const;
  void send(std::size_t stage);

  const mapping::Placement& placement_;
  const std::vector<mapping::RankLife>& lives_;
  model::StartUp offered_;
  Doors doors_;
  std::map<std::size_t, model::LoneRank> lone_;  // by place
  std::size_t next_ = 0;                         // look
  bool is_finished_ = false;
  loop::Timer timer_;
};

}  // namespace exec
