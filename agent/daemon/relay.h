#pragma once
// The API on a machine: a socket here, whose connections are passed on to the controller over TLS,
// each with the number of its user in front.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "lib/base/result.h"
#include "lib/loop/address.h"
#include "lib/loop/clock.h"
#include "lib/loop/log.h"
#include "lib/loop/patient_connector.h"
#include "lib/loop/stream.h"

namespace loop {
class Loop;
}

namespace agentd {

class Relay {
 public:
  struct Options {
    std::string socket;  // path; everybody on this machine may connect
    loop::Address controller;
    std::shared_ptr<const loop::ShieldMaker> tls;
  };

  /// Errors as loop::Listener::open.
  static base::Result<std::unique_ptr<Relay>> open(loop::Loop& loop, const Options& options,
                                                   const loop::Log& log);

 private:
  using CallId = std::uint64_t;
  struct Call {
    loop::Stream near;                            // who asks
    std::string early = {};                       // said before the controller was there
    std::optional<loop::Elapsed> since_end = {};  // that there is no more to come from them
    std::optional<loop::Stream> far = {};         // the controller
    std::unique_ptr<loop::PatientConnector> connector = {};
    loop::PeerUser user;
    bool near_ended = false;
    bool far_ended = false;
  };

  Relay(loop::Loop& loop, Options options, const loop::Log& log);
  void accept(loop::Stream stream);
  void connected(CallId id, base::Result<loop::Stream> stream);
  void pass(CallId id, loop::Stream& from, loop::Stream& to, std::span<const char> bytes);
  void end_when_taken(CallId id);
  void ended(CallId id, loop::Stream& other, bool& is_over, const base::Result<void>& how);

  loop::Loop& loop_;
  Options options_;
  const loop::Log& log_;
  std::map<CallId, Call> calls_;
  CallId last_call_ = 0;
  std::optional<loop::Elapsed> told_;  // a refusal, in the log
  std::optional<loop::Listener> listener_;
};

}  // namespace agentd
