#pragma once
// A machine asks the controller for a certificate: its first with a token, later ones with the one
// it has.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/loop/address.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/model/join.h"

namespace loop {
class Loop;
}

namespace pki {

/// One request over a connection of its own; destroying it gives it up.
class Enrolment {
 public:
  using Done = std::function<void(base::Result<model::JoinReply>)>;

  /// `tls` speaks join_protocol. `done` runs once and never inside this call; may destroy this.
  /// Errors: denied with the controller's reason, and those of the connection.
  Enrolment(loop::Loop& loop, const loop::TlsAddress& controller,
            const std::shared_ptr<const loop::ShieldMaker>& tls, const model::JoinRequest& request,
            Done done);

 private:
  void connected(base::Result<loop::Stream> stream, const model::JoinRequest& request);
  void answered(const std::string& frame);
  void finish(base::Result<model::JoinReply> result);

  Done done_;
  loop::Timer limit_;
  std::optional<loop::FrameStream> stream_;
  loop::Connector connector_;
};

}  // namespace pki
