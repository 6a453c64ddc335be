#include "agent/daemon/relay.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/loop/frames.h"
#include "lib/loop/loop.h"
#include "lib/wire/join.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_calls = 512;
constexpr std::ptrdiff_t most_of_a_user = 256;
constexpr base::Duration patience = 50s;        // with a controller that is away; `muster` has 60 s
constexpr base::Duration longest_absence = 2s;  // of who said all: they are gone for good then
constexpr std::size_t most_queued = std::size_t{256} << 10;  // before the other side is held back

constexpr base::Duration between_tellings = 10s;

base::Duration next_pause(base::Duration waited) {
  return std::clamp<base::Duration>(waited, 20ms, 500ms);
}

}  // namespace

base::Result<std::unique_ptr<Relay>> Relay::open(loop::Loop& loop, const Options& options,
                                                 const loop::Log& log) {
  std::unique_ptr<Relay> relay(new Relay(loop, options, log));
  auto listener = loop::Listener::open(
      loop, loop::UnixAddress{options.socket}, {.mode = 0666},
      [raw = relay.get()](loop::Stream stream) { raw->accept(std::move(stream)); });
  if (!listener) return std::unexpected(std::move(listener).error());
  relay->listener_.emplace(std::move(*listener));
  return relay;
}

Relay::Relay(loop::Loop& loop, Options options, const loop::Log& log)
    : loop_(loop), options_(std::move(options)), log_(log) {}

/// While the controller is away a request waits for it, and is not lost, unless who asked goes.
void Relay::accept(loop::Stream stream) {
  const auto user = stream.peer_user();
  if (!user) return;
  const auto is_theirs = [&](const auto& call) { return call.second.user.uid == user->uid; };
  if (calls_.size() >= most_calls || std::ranges::count_if(calls_, is_theirs) >= most_of_a_user) {
    // One in a while: who is turned away comes again.
    if (told_ && told_->so_far() < between_tellings) return;
    told_.emplace();
    log_.warn("call_turned_away", {{"uid", user->uid}, {"calls", calls_.size()}});
    return;
  }
  const CallId id = ++last_call_;
  auto& call = calls_.emplace(id, Call{.near = std::move(stream), .user = *user}).first->second;
  call.near.on_end([this, id, &call](const base::Result<void>& how) {
    call.near_ended = true;
    call.since_end.emplace();
    if (!how) calls_.erase(id);
  });
  call.near.on_data([&call](std::span<const char> bytes) {
    call.early.append(bytes.data(), bytes.size());
    if (call.early.size() > most_queued) call.near.pause_reading();
  });
  call.connector = std::make_unique<loop::PatientConnector>(
      loop_,
      loop::PatientConnector::Options{.addresses = {options_.controller},
                                      .limit = patience,
                                      .pause = next_pause,
                                      .tls = options_.tls},
      [this, id](base::Result<loop::Stream> far) { connected(id, std::move(far)); });
}

void Relay::connected(CallId id, base::Result<loop::Stream> stream) {
  if (!stream) {
    log_.warn("call_not_passed_on", {{"why", stream.error().text}});
    calls_.erase(id);
    return;
  }
  auto& call = calls_.at(id);
  if (call.since_end && call.since_end->so_far() > longest_absence) {
    calls_.erase(id);
    return;
  }
  call.far.emplace(*std::move(stream));
  auto& near = call.near;
  auto& far = *call.far;
  const model::Caller caller{.uid = call.user.uid, .is_agent = call.user.uid == geteuid()};
  if (!far.write(loop::frame(wire::encode(caller)) + std::exchange(call.early, {}))) {
    calls_.erase(id);
    return;
  }
  near.on_drained([&far] { far.resume_reading(); });
  far.on_drained([&near] { near.resume_reading(); });
  near.on_end([this, id, &far, &call](const base::Result<void>& how) {
    ended(id, far, call.near_ended, how);
  });
  far.on_end([this, id, &near, &call](const base::Result<void>& how) {
    ended(id, near, call.far_ended, how);
  });
  near.on_data(
      [this, id, &near, &far](std::span<const char> bytes) { pass(id, near, far, bytes); });
  near.resume_reading();
  if (call.near_ended) far.finish();
  far.on_data([this, id, &near, &far](std::span<const char> bytes) { pass(id, far, near, bytes); });
}

void Relay::pass(CallId id, loop::Stream& from, loop::Stream& to, std::span<const char> bytes) {
  if (!to.write({bytes.begin(), bytes.end()})) {
    calls_.erase(id);
  } else if (to.queued_bytes() > most_queued) {
    from.pause_reading();
  }
}

/// Of one side: it sends no more, or is gone.
void Relay::ended(CallId id, loop::Stream& other, bool& is_over, const base::Result<void>& how) {
  is_over = true;
  const auto& call = calls_.at(id);
  if (!how) {
    calls_.erase(id);
    return;
  }
  other.finish();
  if (call.near_ended && call.far_ended) end_when_taken(id);
}

/// What the slower side has not taken yet is still sent.
void Relay::end_when_taken(CallId id) {
  auto& call = calls_.at(id);
  for (auto* side : {&call.near, &*call.far}) {
    if (side->queued_bytes() == 0) continue;
    side->on_drained([this, id] { end_when_taken(id); });
    return;
  }
  calls_.erase(id);
}

}  // namespace agentd
