#include "scheduler/daemon/api_gate.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/loop/frames.h"
#include "lib/loop/loop.h"
#include "lib/wire/join.h"

namespace musterd {

namespace {

using namespace std::chrono_literals;

constexpr std::ptrdiff_t most_of_a_node = 512;
constexpr std::size_t caller_limit = 64;  // bytes of the first frame
constexpr base::Duration between_sweeps = 1s;
constexpr base::Duration caller_time = 10s;

}  // namespace

bool may_call(const scheduler::State& state, const std::string& node, std::uint32_t uid) {
  const auto id = state.node_by_name.find(node);
  if (id == state.node_by_name.end()) return false;
  return std::ranges::any_of(state.nodes.at(id->second).jobs, [&](model::JobId job) {
    const auto& known = state.jobs.at(job);
    return known.user.uid == uid && scheduler::active_attempt(known) != nullptr;
  });
}

model::User user_of(const scheduler::State& state, const std::string& node,
                    const model::Caller& caller) {
  std::map<std::uint32_t, model::User> users;  // with jobs there
  const auto id = state.node_by_name.find(node);
  if (id != state.node_by_name.end()) {
    for (const auto job : state.nodes.at(id->second).jobs) {
      const auto& user = state.jobs.at(job).user;
      users.emplace(user.uid, user);
    }
  }
  if (const auto same = users.find(caller.uid); same != users.end()) return same->second;
  if (caller.is_agent && users.size() == 1) return users.begin()->second;
  return {.uid = caller.uid, .gid = caller.uid, .name = {}};  // who may not call
}

ApiGate::ApiGate(loop::Loop& loop, Parts parts)
    : loop_(loop), parts_(std::move(parts)), sweep_timer_(loop, [this] { sweep(); }) {
  sweep_timer_.start_repeating(between_sweeps);
  parts_.members.on_change([this] { sweep(); });
}

/// The log has one in a while: who is turned away comes again.
void ApiGate::turn_away(const std::string& node, const std::string& why) {
  if (told_ && told_->so_far() < between_sweeps) return;
  told_.emplace();
  parts_.log.warn("call_turned_away", {{"node", node}, {"why", why}});
}

void ApiGate::take(loop::Stream stream) {
  const auto identity = stream.peer_identity();
  if (!identity) return;  // the handshake demands it
  if (const auto why = parts_.members.objection(*identity); !why.empty()) {
    return turn_away(identity->name, why);
  }
  std::erase_if(calls_, [this](const auto& call) {
    return !call.second.stream && !parts_.server.has(call.second.guest);
  });
  const auto is_its_own = [&](const auto& call) {
    return call.second.identity.name == identity->name;
  };
  if (std::ranges::count_if(calls_, is_its_own) >= most_of_a_node) {
    return turn_away(identity->name, "it has " + std::to_string(most_of_a_node) + " already");
  }
  const CallId id = ++last_call_;
  auto& call =
      calls_.emplace(id, Call{.identity = *identity, .stream = std::move(stream)}).first->second;
  call.stream->on_end([this, id](const base::Result<void>&) { calls_.erase(id); });
  call.stream->on_data(
      [this, id](std::span<const char> bytes) { received(id, {bytes.data(), bytes.size()}); });
}

/// The first frame says who asks; what follows is for the API.
void ApiGate::received(CallId id, std::string_view bytes) {
  auto& call = calls_.at(id);
  call.early += bytes;
  loop::FrameReader reader(caller_limit);
  reader.feed(call.early);
  const auto frame = reader.next();
  if (frame && !*frame) return;
  const auto caller = frame ? wire::decode_caller(**frame) : std::unexpected(frame.error());
  if (!caller) {
    turn_away(call.identity.name, caller.error().text);
    calls_.erase(id);
    return;
  }
  const auto user = user_of(parts_.state(), call.identity.name, *caller);
  call.uid = user.uid;
  auto stream = std::move(*call.stream);
  call.stream.reset();
  auto rest = call.early.substr(call.early.size() - reader.n_waiting());
  call.early.clear();
  call.guest =
      parts_.server.take(std::move(stream), {.peer = {.pid = 0, .uid = user.uid, .gid = user.gid},
                                             .via = call.identity.name,
                                             .early = std::move(rest)});
}

/// Why a call is to end; empty: it goes on.
std::string ApiGate::objection(const Call& call) const {
  if (auto why = parts_.members.objection(call.identity); !why.empty()) return why;
  if (call.identity.expires_at <= loop::now()) return "its certificate has expired";
  if (call.stream) return call.age >= caller_time ? "it did not say who asks" : "";
  // It may have begun while the user's last job ended: the API has told it why, if it asked.
  if (!may_call(parts_.state(), call.identity.name, call.uid)) {
    return "no job of user " + std::to_string(call.uid) + " runs there any more";
  }
  return {};
}

void ApiGate::sweep() {
  std::vector<CallId> over;
  for (auto& [id, call] : calls_) {
    call.age += between_sweeps;
    const bool is_done = !call.stream && !parts_.server.has(call.guest);
    const auto why = is_done ? std::string() : objection(call);
    if (!why.empty()) turn_away(call.identity.name, why);
    if (is_done || !why.empty()) over.push_back(id);
  }
  for (const auto id : over) {
    const auto call = calls_.extract(id);
    if (!call.mapped().stream) parts_.server.close(call.mapped().guest);
  }
}

}  // namespace musterd
