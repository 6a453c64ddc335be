#include "scheduler/daemon/agents.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/loop/loop.h"
#include "lib/wire/agent.h"

namespace musterd {

namespace {

constexpr int heartbeats_missed = 3;

}  // namespace

base::Result<std::unique_ptr<Agents>> Agents::open(loop::Loop& loop, Options options, Core core,
                                                   const StepAccess& access, const loop::Log& log) {
  std::unique_ptr<Agents> agents(
      new Agents(loop, std::move(options), std::move(core), access, log));
  auto listener = loop::Listener::open(
      loop, agents->options_.address, {.mode = 0600},
      [self = agents.get()](loop::Stream stream) { self->accept(std::move(stream)); });
  if (!listener) return std::unexpected(std::move(listener).error());
  agents->listener_ = std::move(*listener);
  return agents;
}

Agents::Agents(loop::Loop& loop, Options options, Core core, const StepAccess& access,
               const loop::Log& log)
    : options_(std::move(options)),
      core_(std::move(core)),
      access_(access),
      log_(log),
      sweep_timer_(loop, [this] { sweep(); }) {
  sweep_timer_.start_repeating(options_.heartbeat);
}

Agents::~Agents() = default;

void Agents::accept(loop::Stream stream) {
  const auto peer = stream.peer_user();
  if (!peer || (peer->uid != options_.owner_uid && peer->uid != 0)) {
    log_.warn("agent_denied", {{"uid", peer ? static_cast<std::int64_t>(peer->uid) : -1}});
    return;
  }
  if (sessions_.size() >= options_.n_sessions) {
    log_.warn("agent_turned_away", {{"sessions", sessions_.size()}});
    return;
  }
  const SessionId id = ++last_session_;
  auto [place, added] =
      sessions_.emplace(id, Session{.stream = loop::FrameStream(std::move(stream)),
                                    .name = {},
                                    .node = {},
                                    .since_heard = {}});
  auto& session = place->second;
  session.stream.on_end([this, id](const base::Result<void>& end) {
    close(id, end ? std::string_view("the agent closed it") : std::string_view(end.error().text));
  });
  session.stream.on_frame([this, id](const std::string& frame) { take(id, frame); });
}

void Agents::take(SessionId id, std::string_view frame) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  auto& session = found->second;
  session.since_heard = loop::Elapsed();
  auto message = wire::decode_from_agent(frame);
  if (!message) {
    close(id, message.error().text);
  } else if (session.node) {
    take_next(*session.node, std::move(*message));
  } else if (!session.is_refused && !take_first(id, session, std::move(*message))) {
    close(id, "it said something else before it was admitted");
  }
}

/// What an agent may say before it is admitted: one hello, and that it lives.
bool Agents::take_first(SessionId id, Session& session, model::FromAgent message) {
  if (std::holds_alternative<model::Heartbeat>(message)) return true;
  auto* hello = std::get_if<model::AgentHello>(&message);
  if (hello == nullptr) return false;
  // An agent repeats its hello when the answer is late.
  if (!session.name.empty()) return session.name == hello->info.name;
  session.name = hello->info.name;
  greetings_[session.name].push_back(id);
  core_.submit(scheduler::NodeHello{std::move(*hello)});
  return true;
}

void Agents::take_next(model::NodeId node, model::FromAgent message) {
  std::visit(
      base::Overloaded{
          [](const model::AgentHello&) {},  // a repeated one that crossed its answer
          [](const model::Heartbeat&) {},
          [&](const model::ReportStarted& started) {
            core_.submit(scheduler::NodeSaysStarted{node, started.key});
          },
          [&](model::ReportEnded& ended) {
            core_.submit(scheduler::NodeSaysEnded{node, std::move(ended.report)});
          },
          [&](const model::LogChunk& chunk) { take_chunk(node, chunk); },
          [&](const model::ReportCheckpoint& checkpoint) {
            core_.submit(scheduler::NodeSaysCheckpoint{node, checkpoint.key, checkpoint.taken_at});
          },
      },
      message);
}

void Agents::take_chunk(model::NodeId node, const model::LogChunk& chunk) {
  const auto read = reads_.find(chunk.request);
  if (read == reads_.end() || read->second.node != node) return;  // cancelled meanwhile
  const auto take = read->second.sink.take;
  if (chunk.end) reads_.erase(read);
  take(chunk);
}

/// The session that the core's answer to the oldest open hello of this name is for; nullopt when it
/// is gone.
std::optional<Agents::SessionId> Agents::take_greeting(const std::string& name) {
  const auto greeting = greetings_.find(name);
  if (greeting == greetings_.end()) return std::nullopt;
  const SessionId id = greeting->second.front();
  greeting->second.pop_front();
  if (greeting->second.empty()) greetings_.erase(greeting);
  return sessions_.contains(id) ? std::optional(id) : std::nullopt;
}

void Agents::perform(const scheduler::Admit& admit) {
  const auto id = take_greeting(admit.name);
  if (!id) {
    leave(admit.node, admit.name);
    return;
  }
  if (const auto older = by_node_.extract(admit.node)) {
    log_.warn("agent_replaced", {{"node", admit.name}});
    drop_reads(admit.node);
    sessions_.erase(older.mapped());
  }
  sessions_.at(*id).node = admit.node;
  by_node_.emplace(admit.node, *id);
  transmit(admit.node, wire::encode(model::Welcome{admit.node, options_.heartbeat}));
  if (greets(admit.node)) return;  // there is a newer one yet
  for (const auto& frame : std::exchange(early_[admit.node], {})) transmit(admit.node, frame);
}

void Agents::perform(const scheduler::Refuse& refuse) {
  log_.warn("agent_refused", {{"node", refuse.name}, {"why", refuse.why}});
  if (const auto id = take_greeting(refuse.name)) {
    auto& session = sessions_.at(*id);
    session.is_refused = true;
    const auto sent = session.stream.send(wire::encode(model::Refused{refuse.why}));
    session.stream.finish();
    if (!sent) close(*id, sent.error().text);
  }
  const auto& names = core_.state().node_by_name;
  if (const auto node = names.find(refuse.name); node != names.end()) {
    leave(node->second, refuse.name);
  }
}

void Agents::perform(const scheduler::SendLaunch& send_launch) {
  auto order = send_launch.order;
  order.controller = options_.controller;
  if (order.key.step) {
    order.head_address = access_.head_address(order.key);
    order.secret = access_.secret(order.key);
  }
  send(send_launch.node, model::Launch{std::move(order)});
}

void Agents::perform(const scheduler::SendStop& stop) {
  send(stop.node, model::Stop{stop.key});
}

void Agents::perform(const scheduler::SendSave& save) {
  send(save.node, model::Save{save.key});
}

void Agents::perform(const scheduler::SendAcknowledge& acknowledge) {
  send(acknowledge.node, model::Acknowledge{acknowledge.key});
}

/// Does a newer session of this node wait for the answer to its hello?
bool Agents::greets(model::NodeId node) const {
  const auto& nodes = core_.state().nodes;
  const auto known = nodes.find(node);
  return known != nodes.end() && greetings_.contains(known->second.info.name);
}

void Agents::send(model::NodeId node, const model::ToAgent& message) {
  if (greets(node)) {
    early_[node].push_back(wire::encode(message));
  } else if (is_connected(node)) {
    transmit(node, wire::encode(message));
  }
}

void Agents::transmit(model::NodeId node, std::string_view frame) {
  const auto session = by_node_.find(node);
  if (session == by_node_.end()) return;
  const auto sent = sessions_.at(session->second).stream.send(frame);
  if (!sent) close(session->second, sent.error().text);
}

base::Result<std::uint32_t> Agents::read_log(model::NodeId node, model::LogRead request,
                                             LogSink sink) {
  if (!is_connected(node)) {
    return base::fail(base::Code::unavailable,
                      "the agent of the node is not connected; its logs are there when it is back");
  }
  request.request = ++last_read_;
  reads_.emplace(request.request, Read{node, std::move(sink)});
  send(node, request);
  if (!reads_.contains(request.request)) {
    return base::fail(base::Code::unavailable, "the connection to the agent has just been lost");
  }
  return request.request;
}

void Agents::cancel_read(std::uint32_t request) {
  const auto read = reads_.extract(request);
  if (read) send(read.mapped().node, model::LogCancel{request});
}

void Agents::shut_down() {
  std::vector<model::NodeId> nodes;
  for (const auto& [node, session] : by_node_) nodes.push_back(node);
  for (const auto node : nodes) send(node, model::ShutDown{});
}

void Agents::close(SessionId id, std::string_view why) {
  const auto session = sessions_.extract(id);
  if (!session) return;
  const auto& gone = session.mapped();
  if (gone.is_refused) return;
  log_.info("agent_gone", {{"node", gone.name}, {"why", why}});
  if (!gone.node) return;
  by_node_.erase(*gone.node);
  leave(*gone.node, gone.name);
  drop_reads(*gone.node);
}

/// The node has no session, unless a newer one waits for its answer: then that answer decides.
void Agents::leave(model::NodeId node, const std::string& name) {
  if (greetings_.contains(name) || by_node_.contains(node)) return;
  early_.erase(node);
  core_.submit(scheduler::NodeGone{node});
}

void Agents::drop_reads(model::NodeId node) {
  std::vector<std::function<void()>> lost;
  std::erase_if(reads_, [&](auto& read) {
    if (read.second.node != node) return false;
    lost.push_back(std::move(read.second.sink.lost));
    return true;
  });
  for (const auto& tell : lost) tell();
}

/// Ends the sessions that have been silent for too long.
void Agents::sweep() {
  std::vector<SessionId> silent;
  for (const auto& [id, session] : sessions_) {
    if (session.since_heard.so_far() > heartbeats_missed * options_.heartbeat) silent.push_back(id);
  }
  for (const auto id : silent) close(id, "nothing was heard from it for too long");
}

}  // namespace musterd
