#pragma once
// The connection of a launcher to its step's head on another node.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/exec/head_link.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/model/launch.h"

namespace loop {
class Loop;
}

namespace exec {

class PeerLink final : public HeadLink {
 public:
  /// Dials until the head is there, for at most meeting_time. `order` outlives the link.
  PeerLink(loop::Loop& loop, const model::LaunchOrder& order, LinkEvents events);

  void send(model::HeadMessage message) override;
  void finish(std::function<void()> done) override;
  void stop_waiting() override;
  void hold_input(bool) override {}  // rank 0 is on the head's node

 private:
  void dial();
  void dial_later();
  void use(loop::Stream stream);
  void write(const std::string& frame);
  void lose(std::string why);
  void check_fill();
  void check_finished();

  loop::Loop& loop_;
  const model::LaunchOrder& order_;
  LinkEvents events_;
  loop::Address address_;
  std::optional<loop::Connector> connector_;
  std::optional<loop::FrameStream> stream_;
  std::vector<std::string> waiting_;  // until there is a connection
  std::size_t waiting_bytes_ = 0;
  loop::Timer retry_;
  base::Duration pause_ = std::chrono::milliseconds(2);
  base::Duration waited_{};
  std::function<void()> done_;
  bool is_full_ = false;
  bool is_lost_ = false;
  bool said_all_ = false;
};

}  // namespace exec
