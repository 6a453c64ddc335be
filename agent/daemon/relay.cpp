#include "agent/daemon/relay.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/loop/frames.h"
#include "lib/loop/loop.h"
#include "lib/wire/join.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_calls = 128;
constexpr std::ptrdiff_t most_of_a_user = 64;
constexpr base::Duration patience = 60s;  // with a controller that is away: as long as `muster` has
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

/// Nothing is read before the controller is there: a request waits for it unseen, and is not lost.
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
  call.far.emplace(*std::move(stream));
  auto& near = call.near;
  auto& far = *call.far;
  const model::Caller caller{.uid = call.user.uid, .gid = call.user.gid};
  if (!far.write(loop::frame(wire::encode(caller)))) {
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
  if (!how || (call.near_ended && call.far_ended)) {
    calls_.erase(id);
  } else {
    other.finish();
  }
}

}  // namespace agentd
