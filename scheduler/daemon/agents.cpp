#include "scheduler/daemon/agents.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/loop/loop.h"
#include "lib/wire/agent.h"

namespace musterd {

namespace {

constexpr int heartbeats_missed = 3;
constexpr int most_of_one_machine = 4;                           // sessions
constexpr base::Duration expiry_warning = std::chrono::days(3);  // agents renew much earlier

}  // namespace

base::Result<std::unique_ptr<Agents>> Agents::open(loop::Loop& loop, Options options, Core core,
                                                   const StepAccess& access, const loop::Log& log) {
  std::unique_ptr<Agents> agents(
      new Agents(loop, std::move(options), std::move(core), access, log));
  if (auto listening = agents->listen(loop); !listening) {
    return std::unexpected(std::move(listening).error());
  }
  return agents;
}

base::Result<void> Agents::listen(loop::Loop& loop) {
  auto listener = loop::Listener::open(loop, options_.address, {.mode = 0600},
                                       [this](loop::Stream stream) { accept(std::move(stream)); });
  if (!listener) return std::unexpected(std::move(listener).error());
  listener_ = std::move(*listener);
  if (!options_.remote) return {};
  const auto refused = [this](const std::string& host, const base::Error& why) {
    // What a stranger shows may be another thing each time.
    if (const auto times = refusals_.note(host, loop::now()))
      log_.warn("connection_refused", {{"from", host}, {"times", *times}, {"why", why.text}});
  };
  auto remote = loop::Listener::open(
      loop, *options_.remote, {.tls = options_.members->tls(), .on_refused = refused},
      [this](loop::Stream stream) { accept_remote(std::move(stream)); });
  if (!remote) return std::unexpected(std::move(remote).error());
  remote_listener_ = std::move(*remote);
  options_.members->on_change([this] { drop_strangers(); });
  log_.info("listening", {{"for", "agents"}, {"at", loop::to_text(remote_listener_->address())}});
  return {};
}

std::optional<loop::Address> Agents::remote_address() const {
  if (!remote_listener_) return std::nullopt;
  return remote_listener_->address();
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
  (void)open_session(std::move(stream));
}

/// nullopt: there are too many.
std::optional<Agents::SessionId> Agents::open_session(loop::Stream stream) {
  const auto n_members = options_.members == nullptr ? 0 : options_.members->size();
  if (sessions_.size() >= options_.n_sessions + 2 * n_members) {
    log_.warn("agent_turned_away", {{"sessions", sessions_.size()}});
    return std::nullopt;
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
  return id;
}

/// A machine: TLS knows who it is.
void Agents::accept_remote(loop::Stream stream) {
  if (stream.protocol() == pki::join_protocol) return options_.members->take(std::move(stream));
  if (stream.protocol() == pki::api_protocol) return options_.take_call(std::move(stream));
  auto identity = stream.peer_identity();
  auto from = stream.peer_host();
  // The handshake demands both.
  if (!identity || stream.protocol() != pki::agent_protocol) return;
  const auto is_its_own = [&](const auto& each) {
    return each.second.identity && each.second.identity->name == identity->name;
  };
  if (std::ranges::count_if(sessions_, is_its_own) >= most_of_one_machine) return;
  const auto id = open_session(std::move(stream));
  if (!id) return;
  auto& session = sessions_.at(*id);
  session.from = std::move(from);
  session.identity = std::move(identity);
  const auto& name = session.identity->name;
  const auto until = base::to_text(session.identity->expires_at);
  if (const auto why = options_.members->objection(*session.identity); !why.empty()) {
    refuse(*id, why);
  } else if (session.identity->expires_at < loop::now() + expiry_warning &&
             refusals_.note(session.from + " " + until, loop::now())) {
    log_.warn("certificate_expires", {{"node", name}, {"at", until}});
  }
}

/// Ends the sessions of machines that were removed, or whose certificates were.
void Agents::drop_strangers() {
  std::map<SessionId, std::string> strangers;
  for (const auto& [id, session] : sessions_) {
    if (!session.identity || session.is_refused) continue;
    auto why = options_.members->objection(*session.identity);
    if (!why.empty()) strangers.emplace(id, std::move(why));
  }
  for (const auto& [id, why] : strangers) {
    // Gone at once: nothing that it says counts any more.
    (void)sessions_.at(id).stream.send(wire::encode(model::Refused{why}));
    close(id, why);
  }
}

/// Why this session may not serve the node of this name; empty: it may. Sessions of this machine
/// replace each other, those of machines do not.
std::string Agents::objection(SessionId id, const model::NodeInfo& info) const {
  const auto& own = sessions_.at(id);
  const auto& name = info.name;
  if (own.identity && own.identity->name != name) {
    return "its certificate names '" + own.identity->name + "', and it says that it is '" +
           base::printable(name) + "'";
  }
  if (own.identity && options_.members->pool_of(name) != info.pool) {
    return "it was added for the pool '" + options_.members->pool_of(name) +
           "', and it says that it is of '" + base::printable(info.pool) + "'";
  }
  for (const auto& [other_id, other] : sessions_) {
    if (other_id == id || other.name != name || other.is_refused) continue;
    if (!own.identity && !other.identity) continue;
    return "'" + name + "' is served by another agent, " +
           (other.identity ? "at " + other.from : "on the controller's machine") +
           ": end one of them, or wait until that one is given up";
  }
  return {};
}

void Agents::refuse(SessionId id, const std::string& why) {
  auto& session = sessions_.at(id);
  const auto name = session.identity ? session.identity->name : session.name;
  if (const auto times = refusals_.note(session.from + " " + why, loop::now())) {
    log_.warn("agent_refused",
              {{"node", name}, {"from", session.from}, {"times", *times}, {"why", why}});
  }
  session.is_refused = true;
  const auto sent = session.stream.send(wire::encode(model::Refused{why}));
  session.stream.finish();
  if (!sent) close(id, sent.error().text);
}

void Agents::take(SessionId id, std::string_view frame) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  auto& session = found->second;
  // Who says no hello, or was refused, does not live by its heartbeats.
  if (session.node || (!session.name.empty() && !session.is_refused))
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
  if (const auto why = objection(id, hello->info); !why.empty()) {
    refuse(id, why);
    return true;
  }
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
          [&](const model::ReportPrepared& prepared) {
            core_.submit(scheduler::NodeSaysPrepared{node, prepared.key});
          },
          [&](model::ReportEnded& ended) {
            core_.submit(scheduler::NodeSaysEnded{node, std::move(ended.report)});
          },
          [&](const model::LogChunk& chunk) { take_chunk(node, chunk); },
          [&](const model::ReportCheckpoint& checkpoint) {
            core_.submit(scheduler::NodeSaysCheckpoint{node, checkpoint.key, checkpoint.taken_at});
          },
          [&](model::Leaving& leaving) {
            core_.submit(scheduler::NodeLeaves{node, leaving.notice, std::move(leaving.cause)});
          },
          [&](model::ReportCondition& report) {
            core_.submit(scheduler::NodeSaysCondition{node, std::move(report.condition)});
          },
          [&](model::ReportUndying& report) {
            core_.submit(scheduler::NodeSaysUndying{node, std::move(report.undying)});
          },
          [&](const model::ReportGpus& report) {
            core_.submit(scheduler::NodeSaysGpus{node, report.key, report.idle_since});
          },
          [&](const model::NodeChecked& checked) { take_checked(node, checked); },
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

void Agents::take_checked(model::NodeId node, const model::NodeChecked& checked) {
  const auto found = checks_.find(checked.request);
  if (found == checks_.end() || found->second.node != node) return;
  const auto sink = std::move(checks_.extract(found).mapped().sink);
  sink(checked.condition);
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
  transmit(admit.node,
           wire::encode(model::Welcome{admit.node, options_.heartbeat, admit.care, loop::now()}));
  if (greets(admit.node)) return;  // there is a newer one yet
  for (const auto& frame : std::exchange(early_[admit.node], {})) transmit(admit.node, frame);
}

void Agents::perform(const scheduler::Refuse& refusal) {
  if (const auto id = take_greeting(refusal.name)) refuse(*id, refusal.why);
  const auto& names = core_.state().node_by_name;
  if (const auto node = names.find(refusal.name); node != names.end()) {
    leave(node->second, refusal.name);
  }
}

void Agents::perform(const scheduler::SendLaunch& send_launch) {
  auto order = send_launch.order;
  complete(order);
  send(send_launch.node, model::Launch{std::move(order)});
}

/// Adds how the nodes of the order reach each other and the controller.
void Agents::complete(model::LaunchOrder& order) const {
  const auto& nodes = core_.state().nodes;
  for (const auto& share : order.allocation.nodes) {
    order.addresses.push_back(nodes.at(share.node).info.address);
  }
  const auto index = static_cast<std::size_t>(order.node_index);
  // Sockets of this machine are nothing to another one, whose agent has its own.
  order.controller = is_machine(order.allocation.nodes[index].name)
                         ? std::string("unix:") + model::api_socket_name
                         : options_.controller;
  if (order.job->preparation.has_image()) order.containers = options_.containers;
  if (order.job->preparation.has_shared_tmp) order.shared_tmp = shared_tmp(order);
  if (!order.key.step) return;
  const auto head = static_cast<std::size_t>(model::head_index(order));
  const auto& name = order.allocation.nodes[head].name;
  const auto place =
      access_.head_place(order.key, order.user.uid,
                         is_machine(name) ? std::optional(order.addresses[head]) : std::nullopt);
  if (head == index || place.tls.empty()) order.head_address = place.local;
  order.head_tls = place.tls;
  order.secret = access_.secret(order.key);
}

/// A folder of the attempt that all its nodes see: on the file system of the site, or of the one
/// machine that they are on. Empty: there is none. Nobody else can tell its name before.
std::string Agents::shared_tmp(const model::LaunchOrder& order) const {
  const model::LaunchKey attempt{order.key.job, order.key.attempt, {}, true};
  const auto name = fmt::format("tmp-{}.{}-{}", order.key.job.number(), order.key.attempt,
                                access_.secret(attempt).substr(0, 16));
  if (!options_.shared_tmp.empty()) return options_.shared_tmp + "/" + name;
  if (!model::is_one_machine(order)) return {};
  return access_.in_run_dir(name, order.user.uid, is_machine(order.allocation.nodes.front().name));
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

bool Agents::is_machine(const std::string& node) const {
  return options_.members != nullptr && options_.members->contains(node);
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

base::Result<void> Agents::read_node_log(model::NodeId node, LogSink sink) {
  if (!is_connected(node)) {
    return base::fail(base::Code::unavailable,
                      "the agent of the node is not connected; its log is there when it is back");
  }
  const auto request = ++last_read_;
  reads_.emplace(request, Read{node, std::move(sink)});
  send(node, model::NodeLogRead{request});
  return {};
}

void Agents::check(model::NodeId node, const Check& wanted, CheckSink sink) {
  if (!is_connected(node)) {
    return sink(base::fail(base::Code::unavailable, "the agent of the node is not connected"));
  }
  const auto request = ++last_read_;
  checks_.emplace(request, Asked{node, std::move(sink)});
  send(node, model::CheckNode{request, wanted.setup, wanted.forget});
}

void Agents::shut_down() {
  std::vector<model::NodeId> nodes;
  for (const auto& [node, session] : by_node_) {
    if (!sessions_.at(session).identity) nodes.push_back(node);
  }
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
  drop_checks(node);
}

void Agents::drop_checks(model::NodeId node) {
  std::vector<CheckSink> lost;
  std::erase_if(checks_, [&](auto& check) {
    if (check.second.node != node) return false;
    lost.push_back(std::move(check.second.sink));
    return true;
  });
  for (const auto& tell : lost)
    tell(base::fail(base::Code::unavailable, "the connection to the agent has been lost"));
}

/// Ends the sessions that have been silent for too long, and those of expired certificates.
void Agents::sweep() {
  std::map<SessionId, std::string_view> over;
  for (const auto& [id, session] : sessions_) {
    if (session.since_heard.so_far() > heartbeats_missed * options_.heartbeat)
      over.emplace(id, "nothing was heard from it for too long");
    if (session.identity && session.identity->expires_at <= loop::now())
      over.emplace(id, "its certificate has expired; it may come back with a later one");
  }
  for (const auto& [id, why] : over) close(id, why);
}

}  // namespace musterd
