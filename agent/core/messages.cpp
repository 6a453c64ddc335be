// What the agent's core makes of the controller's words.

#include <algorithm>
#include <utility>

#include "agent/core/agent.h"
#include "lib/model/program_time.h"

namespace agent {

namespace {

constexpr int cancelled_exit_code = 128 + 15;

}  // namespace

void Agent::take(const Received& input) {
  if (link_ == Link::down) return;
  std::visit([this](const auto& message) { take(message); }, input.message);
}

void Agent::take(const model::Welcome& message) {
  const base::Duration none{};
  link_ = Link::up;
  greet_at_.reset();
  heartbeat_ = message.heartbeat > none ? message.heartbeat : limits_.heartbeat;
  heartbeat_at_ = now_ + heartbeat_;
  tell_undying();  // before the ends of launches, which make room for others
  for (auto& [key, launch] : live_) {
    if (!launch.told && launch.is_begun()) tell_started(key, launch);
    if (launch.is_in_doubt) launch.stands_at = now_ + limits_.order_stands;
  }
  for (auto& [key, launch] : ended_) {
    if (!launch.sent_at) tell_ended(launch);
  }
  tell_condition();
  if (!ended_.empty() && !repeat_at_) repeat_at_ = now_ + limits_.repeat;
}

/// The controller closes the connection next; the driver dials again, with patience.
void Agent::take(const model::Refused& /*message*/) {
  link_ = Link::greeting;
  greet_at_.reset();
  heartbeat_at_.reset();
  repeat_at_.reset();
}

void Agent::take(const model::Launch& message) {
  const model::LaunchKey& key = message.order.key;
  if (is_known(key)) {
    tell_again(key);
  } else if (exit_at_) {
    refuse(key, "never started: the node is shutting down");
  } else if (is_superseded(key)) {
    refuse(key, "never started: superseded by a later attempt");
  } else {
    Live& launch = live_[key];
    launch.kill_grace = model::time_to_end(message.order);
    const auto& programs = message.order.site_programs;
    if (programs.is_wanted()) launch.order = std::make_shared<model::LaunchOrder>(message.order);
    if (programs.prolog.empty()) return act(StartLauncher{.order = message.order});
    launch.phase = Live::Phase::prolog;
    act(RunProlog{launch.order});
  }
}

/// A launch whose report is acknowledged is settled at the controller too: a repeated order is a
/// late one and gets no answer.
void Agent::tell_again(const model::LaunchKey& key) {
  if (const auto live = live_.find(key); live != live_.end()) {
    live->second.is_in_doubt = false;
    live->second.stands_at.reset();
    if (live->second.is_begun()) tell_started(key, live->second);
  } else if (const auto ended = ended_.find(key); ended != ended_.end()) {
    tell_ended(ended->second);
  }
}

void Agent::take(const model::Stop& message) {
  const auto live = live_.find(message.key);
  if (live != live_.end()) {
    stop(message.key, live->second);
  } else if (const auto ended = ended_.find(message.key); ended != ended_.end()) {
    tell_ended(ended->second);
  } else if (!settled_.contains(message.key)) {
    refuse(message.key, "never started");
  }
}

void Agent::stop(const model::LaunchKey& key, Live& launch) {
  switch (launch.phase) {
    case Live::Phase::prolog:
    case Live::Phase::held:
    case Live::Phase::starting:
      launch.stop_wanted = true;
      return;
    case Live::Phase::running:
      return stop_launcher(key, launch);
    case Live::Phase::cleaning:
      return;  // it is being ended
  }
}

/// Told again, it has no more time.
void Agent::stop_launcher(const model::LaunchKey& key, Live& launch) {
  act(StopLauncher{key});
  if (!launch.kill_at && !launch.is_killed)
    launch.kill_at = now_ + launch.kill_grace + limits_.launcher_end;
}

void Agent::refuse(const model::LaunchKey& key, std::string_view why) {
  end(failed(key, model::Cause::cancelled, why, cancelled_exit_code));
}

/// One that is only starting has nothing to save.
void Agent::take(const model::Save& message) {
  const auto live = live_.find(message.key);
  if (live == live_.end() || live->second.phase != Live::Phase::running) return;
  act(SaveLauncher{message.key});
}

void Agent::take(const model::Acknowledge& message) {
  const auto ended = ended_.find(message.key);
  if (ended == ended_.end() || ended->second.report.is_epilog_due) return;
  ended_.erase(ended);
  settle(message.key);
  act(MarkAcknowledged{message.key});
}

void Agent::take(const model::LogRead& /*message*/) {}
void Agent::take(const model::LogCancel& /*message*/) {}
void Agent::take(const model::CheckNode& /*message*/) {}
void Agent::take(const model::NodeLogRead& /*message*/) {}

/// What the site's programs of all launches may still take, which run beside one another.
base::Duration Agent::programs_time() const {
  base::Duration longest{};
  const auto add = [&longest](const Order& order) {
    if (order) longest = std::max(longest, model::time_of(order->site_programs));
  };
  for (const auto& [key, launch] : live_) add(launch.order);
  for (const auto& [key, launch] : ended_) add(launch.order);
  return longest;
}

/// It exits when nothing is left, or with reports unsent.
void Agent::take(const model::ShutDown& /*message*/) {
  if (exit_at_) return;
  exit_at_ = now_ + limits_.shut_down + programs_time();
  for (auto& [key, launch] : live_) stop(key, launch);
}

}  // namespace agent
