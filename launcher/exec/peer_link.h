#pragma once
// The connection of a launcher to its step's head on another node.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/exec/head_link.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/patient_connector.h"
#include "lib/loop/stream.h"
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
  void use(loop::Stream stream);
  void write(const std::string& frame);
  void lose(std::string why);
  void check_fill();
  void check_finished();

  loop::Loop& loop_;
  const model::LaunchOrder& order_;
  LinkEvents events_;
  std::optional<loop::PatientConnector> connector_;
  std::optional<loop::FrameStream> stream_;
  std::vector<std::string> waiting_;  // until there is a connection
  std::size_t waiting_bytes_ = 0;
  std::function<void()> done_;
  bool is_full_ = false;
  bool is_lost_ = false;
  bool said_all_ = false;
};

}  // namespace exec
