#pragma once
// The PMIx server of this node's ranks, and what it and the step's head have to say to each other.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "launcher/exec/rank_events.h"
#include "launcher/map/placement.h"
#include "launcher/pmix/server.h"
#include "lib/base/result.h"
#include "lib/loop/timer.h"
#include "lib/model/head_message.h"

namespace loop {
class Loop;
}

namespace exec {

struct Launch;

class RankServer {
 public:
  RankServer(loop::Loop& loop, RankEvents events);
  ~RankServer();
  RankServer(const RankServer&) = delete;
  RankServer& operator=(const RankServer&) = delete;

  /// Loads and starts it. Without a module (Muster was built without PMIx) there is no server, and
  /// ranks get no environment from it: then this is success.
  base::Result<void> start(const Launch& launch, const mapping::Placement& placement,
                           const std::string& session_dir);

  bool is_running() const { return server_ != nullptr; }
  /// Empty without a server.
  base::Result<model::Environment> environment_of(int rank);

  // From the head.
  void take(const model::Fence& fence);
  void take(const model::ModexRequest& request);
  void take(model::ModexReply reply);

 private:
  using FenceKey = std::pair<std::vector<int>, std::uint32_t>;

  pmix::Events make_events();
  void send_fence(std::uint64_t id, std::vector<int> ranks, std::string data);
  void hurry();

  loop::Loop& loop_;
  RankEvents events_;
  pmix::Server* server_ = nullptr;  // lives as long as the process
  int node_index_ = 0;
  std::map<std::vector<int>, std::uint32_t> next_number_;  // of fences, by their ranks
  std::map<FenceKey, std::uint64_t> fences_;
  loop::Timer hurry_timer_;
  int hurries_left_ = 0;
};

}  // namespace exec
