#pragma once
// The connection to the controller: dialled for ever, with growing pauses.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/address.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/model/agent_message.h"

namespace agentd {

struct LinkEvents {
  std::function<void(std::string own_host)> connected;  // its address on this side; may be empty
  std::function<void(std::string why)> disconnected;    // also for each attempt that failed
  std::function<void(model::ToAgent)> received;
  std::function<void()> drained;  // all that was sent has left
};

class Link {
 public:
  /// `tls` is needed for a controller at a TLS address.
  Link(loop::Loop& loop, loop::Address controller, std::shared_ptr<const loop::ShieldMaker> tls,
       LinkEvents events);

  void start();
  /// Nothing happens while there is no connection.
  void send(const model::FromAgent& message);
  std::size_t queued_bytes() const;
  bool is_connected() const { return stream_.has_value(); }
  /// The controller took us: the next pause is short again.
  void accepted();

 private:
  void dial();
  void dialled(base::Result<loop::Stream> stream);
  void received(const std::string& frame);
  void disconnect(std::string why);

  loop::Loop& loop_;
  loop::Address controller_;
  std::shared_ptr<const loop::ShieldMaker> tls_;
  LinkEvents events_;
  base::Duration pause_;
  loop::Timer redial_;
  std::optional<loop::Connector> connector_;
  std::optional<loop::FrameStream> stream_;
};

}  // namespace agentd
