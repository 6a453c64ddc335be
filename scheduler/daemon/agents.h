#pragma once
// The sessions of the nodes' agents: decodes what they say into inputs, sends what the core orders,
// and passes their logs on.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/loop/address.h"
#include "lib/loop/clock.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/log.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/model/agent_message.h"
#include "scheduler/core/action.h"
#include "scheduler/core/input.h"
#include "scheduler/core/state.h"
#include "scheduler/daemon/members.h"
#include "scheduler/daemon/refusals.h"
#include "scheduler/daemon/step_access.h"

namespace musterd {

class Agents {
 public:
  struct Options {
    loop::Address address;
    std::string controller;       // the API's address, for the orders
    base::Duration heartbeat{};   // three that are missing end a session
    std::string shared_tmp = {};  // folder that all machines see; empty: there is none
    model::ContainerSite containers = {};
    std::uint32_t owner_uid = 0;
    std::size_t n_sessions = 1024;  // beside two for each member
    /// Where machines dial, over TLS; absent: nowhere.
    std::optional<loop::TlsAddress> remote = {};
    Members* members = nullptr;                             // who may; needed for `remote`
    std::function<void(loop::Stream)> take_call = nullptr;  // one that speaks pki::api_protocol
  };
  /// What the sessions need of the controller.
  struct Core {
    std::function<void(scheduler::Input)> submit;
    std::function<const scheduler::State&()> state;
  };
  /// Where a log goes.
  struct LogSink {
    std::function<void(const model::LogChunk&)> take;
    std::function<void()> lost;  // the session broke; may be read on from the last next_offset
  };

  struct Check {
    bool setup = false;   // the script that prepares the node, too
    bool forget = false;  // what the kernel's log said until now
  };
  using CheckSink = std::function<void(base::Result<model::NodeCondition>)>;

  /// Errors as loop::Listener::open.
  static base::Result<std::unique_ptr<Agents>> open(loop::Loop& loop, Options options, Core core,
                                                    const StepAccess& access, const loop::Log& log);
  ~Agents();

  void perform(const scheduler::Admit& admit);
  void perform(const scheduler::Refuse& refuse);
  /// Orders for a node without a session are dropped: the core repeats them when it is back.
  void perform(const scheduler::SendLaunch& send);
  void perform(const scheduler::SendStop& send);
  void perform(const scheduler::SendSave& save);
  void perform(const scheduler::SendAcknowledge& send);

  bool is_connected(model::NodeId node) const { return by_node_.contains(node); }

  /// Asks a node for a log; request.request is filled in and returned. Ends with a chunk that has
  /// `end`, with sink.lost, or by cancel_read(). Error unavailable when the node is not connected.
  base::Result<std::uint32_t> read_log(model::NodeId node, model::LogRead request, LogSink sink);
  void cancel_read(std::uint32_t request);

  /// The log of the node's own setup and checks, as one chunk or several, the last with `end`.
  /// errors: unavailable when the node is not connected
  base::Result<void> read_node_log(model::NodeId node, LogSink sink);
  /// Has the node look whether it is fit for work; answered when it has, or with the error
  /// unavailable when its agent is not connected, at once or later.
  void check(model::NodeId node, const Check& wanted, CheckSink sink);

  /// Tells every agent of this machine to end its launches and itself. Machines go on waiting for
  /// the cluster.
  void shut_down();

  /// Another machine than that of the controller.
  bool is_machine(const std::string& node) const;

  /// Where machines dial, with the port the system chose where 0 was asked for.
  std::optional<loop::Address> remote_address() const;

 private:
  using SessionId = std::uint64_t;

  struct Session {
    loop::FrameStream stream;
    std::string name;                                 // from its hello on
    std::optional<model::NodeId> node;                // once admitted
    bool is_refused = false;                          // may only read why
    std::optional<loop::PeerIdentity> identity = {};  // of one that came over TLS
    std::string from = {};                            // its address
    loop::Elapsed since_heard;
  };
  struct Read {
    model::NodeId node;
    LogSink sink;
  };

  struct Asked {
    model::NodeId node;
    CheckSink sink;
  };

  Agents(loop::Loop& loop, Options options, Core core, const StepAccess& access,
         const loop::Log& log);
  base::Result<void> listen(loop::Loop& loop);
  void accept(loop::Stream stream);
  void accept_remote(loop::Stream stream);
  std::optional<SessionId> open_session(loop::Stream stream);
  void drop_strangers();
  std::string objection(SessionId id, const model::NodeInfo& info) const;
  void refuse(SessionId id, const std::string& why);
  void take(SessionId id, std::string_view frame);
  bool take_first(SessionId id, Session& session, model::FromAgent message);
  void take_next(model::NodeId node, model::FromAgent message);
  void take_chunk(model::NodeId node, const model::LogChunk& chunk);
  void take_checked(model::NodeId node, const model::NodeChecked& checked);
  std::optional<SessionId> take_greeting(const std::string& name);
  void send(model::NodeId node, const model::ToAgent& message);
  void complete(model::LaunchOrder& order) const;
  std::string shared_tmp(const model::LaunchOrder& order) const;
  void transmit(model::NodeId node, std::string_view frame);
  bool greets(model::NodeId node) const;
  void close(SessionId id, std::string_view why);
  void leave(model::NodeId node, const std::string& name);
  void drop_reads(model::NodeId node);
  void drop_checks(model::NodeId node);
  void sweep();

  Options options_;
  Core core_;
  const StepAccess& access_;
  const loop::Log& log_;
  std::map<SessionId, Session> sessions_;
  std::map<model::NodeId, SessionId> by_node_;
  std::map<std::string, std::deque<SessionId>> greetings_;   // by name: hellos without an answer
  std::map<model::NodeId, std::vector<std::string>> early_;  // frames for after the welcome
  std::map<std::uint32_t, Read> reads_;
  std::map<std::uint32_t, Asked> checks_;
  SessionId last_session_ = 0;
  std::uint32_t last_read_ = 0;
  loop::Timer sweep_timer_;
  std::optional<loop::Listener> listener_;
  std::optional<loop::Listener> remote_listener_;
  Refusals refusals_;
};

}  // namespace musterd
