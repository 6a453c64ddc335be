#pragma once
// Users on nodes that ask the API: their agents pass the connections on over TLS, each with a
// Caller in front.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/time.h"
#include "lib/http/server.h"
#include "lib/loop/clock.h"
#include "lib/loop/log.h"
#include "lib/loop/shield.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/model/job.h"
#include "lib/model/join.h"
#include "scheduler/core/state.h"
#include "scheduler/daemon/members.h"

namespace loop {
class Loop;
}

namespace musterd {

/// Whether the node of this name may speak for the user: a job of theirs runs there. So a node that
/// somebody took over speaks for those alone whose processes it has anyway.
bool may_call(const scheduler::State& state, const std::string& node, std::uint32_t uid);

/// The user on the controller's machine who asks. Where jobs run as the agent's user, whose number
/// may be another one there, that is the one user with jobs on the node.
model::User user_of(const scheduler::State& state, const std::string& node,
                    const model::Caller& caller);

class ApiGate {
 public:
  struct Parts {
    Members& members;
    http::Server& server;
    std::function<const scheduler::State&()> state;
    const loop::Log& log;
  };
  ApiGate(loop::Loop& loop, Parts parts);

  /// A connection of a node, after its handshake.
  void take(loop::Stream stream);

 private:
  using CallId = std::uint64_t;
  struct Call {
    loop::PeerIdentity identity;
    std::optional<loop::Stream> stream;  // until the Caller has come
    std::string early = {};
    base::Duration age{};
    http::Server::GuestId guest = 0;  // after that
    std::uint32_t uid = 0;
  };

  void received(CallId id, std::string_view bytes);
  void turn_away(const std::string& node, const std::string& why);
  std::string objection(const Call& call) const;
  void sweep();

  loop::Loop& loop_;
  Parts parts_;
  std::map<CallId, Call> calls_;
  CallId last_call_ = 0;
  std::optional<loop::Elapsed> told_;  // a refusal, in the log
  loop::Timer sweep_timer_;
};

}  // namespace musterd
