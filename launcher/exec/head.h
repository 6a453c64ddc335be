#pragma once
// The head of a step: listens for the launchers of the other nodes and for the client, `muster
// run`, and carries the messages of mapping::Star, which decides.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/exec/head_link.h"
#include "launcher/exec/port_tunnels.h"
#include "launcher/map/screen.h"
#include "launcher/map/star.h"
#include "lib/base/result.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/process.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/model/launch.h"

namespace loop {
class Loop;
}

namespace exec {

class LaunchDir;

class Head final : public HeadLink {
 public:
  /// Listens at the order's addresses: its socket, and beside it the first TLS one that is free.
  /// `order` and `dir` outlive the head.
  static base::Result<std::unique_ptr<Head>> open(loop::Loop& loop, const LaunchDir& dir,
                                                  const model::LaunchOrder& order,
                                                  LinkEvents events);
  /// Removes the socket's file.
  ~Head() override;

  void send(model::HeadMessage message) override;
  /// Done when all nodes have ended and the client has the result.
  void finish(std::function<void()> done) override;
  void stop_waiting() override;
  void hold_input(bool is_held) override;

 private:
  /// Frames for somebody who is not there yet, or the stream to one who is.
  struct Line {
    std::optional<loop::FrameStream> stream;
    std::vector<std::string> waiting;
    std::size_t waiting_bytes = 0;

    void send(const std::string& frame);
    std::size_t queued_bytes() const;
  };

  Head(loop::Loop& loop, const LaunchDir& dir, const model::LaunchOrder& order, LinkEvents events);
  base::Result<void> listen();
  base::Result<void> listen_to_machines();
  void accept(loop::Stream stream);
  void greet(int guest, const std::string& frame);
  void welcome_peer(int guest, const model::PeerHello& hello);
  void welcome_client(int guest, const model::ClientHello& hello);
  void welcome_tunnel(int guest, const model::PortHello& hello);
  void turn_away(int guest, std::string_view why);
  bool knows(const model::LaunchKey& key, const std::string& secret) const;
  void start_line(Line& line, int guest);
  void node_gone(std::size_t node, const base::Result<void>& end);
  void watch_client();
  void client_gone();
  void take_from_client(model::HeadMessage message);
  void part_from_client();
  void replay(const model::WindowSize& size);
  void give_up_waiting();
  void carry_out();
  void check_fill();
  void check_end();
  void end();

  loop::Loop& loop_;
  const LaunchDir& dir_;
  const model::LaunchOrder& order_;
  LinkEvents events_;
  mapping::Star star_;
  std::optional<loop::Listener> listener_;
  std::optional<loop::Listener> remote_listener_;
  std::map<int, loop::FrameStream> guests_;  // who have not said who they are
  int next_guest_ = 0;
  int n_refusals_noted_ = 0;
  std::vector<Line> nodes_;  // by place in the star
  Line client_;
  PortTunnels tunnels_;
  std::optional<loop::ProcessWatch> client_watch_;
  // Of a step with a terminal: clients come and go.
  std::optional<loop::FrameStream> parted_;  // the client before, until it knows
  mapping::Screen screen_;
  bool is_away_ = false;  // no client is there, or it has not said how much it wants to see
  bool client_came_ = false;
  bool client_left_ = false;
  bool told_result_ = false;
  bool is_full_ = false;
  std::function<void()> done_;
  loop::Timer meeting_;
  loop::Timer parting_;
};

}  // namespace exec
