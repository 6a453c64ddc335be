#pragma once
// Connections from outside to ports at which programs of the job listen on this node (`muster
// forward`).

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/stream.h"
#include "lib/loop/tunnel.h"

namespace loop {
class Loop;
}

namespace exec {

class PortTunnels {
 public:
  explicit PortTunnels(loop::Loop& loop) : loop_(loop) {}

  /// Answers with PortReply: connected, and from then on passes bytes on; or why not, and closes.
  void open(loop::FrameStream stream, std::uint16_t port);

 private:
  struct One {
    std::optional<loop::FrameStream> guest;  // until it is connected
    std::unique_ptr<loop::Connector> connector;
    std::unique_ptr<loop::Tunnel> tunnel;
  };

  void dial(int number, std::uint16_t port, const std::string& host);
  void connected(int number, loop::Stream stream);
  void refuse(int number, std::string why);

  loop::Loop& loop_;
  std::map<int, One> all_;
  int next_ = 0;
};

}  // namespace exec
