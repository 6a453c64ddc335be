#include "agent/core/agent.h"

#include <utility>

#include "lib/base/check.h"

namespace agent {

namespace {

constexpr int killed_exit_code = 128 + 9;
constexpr int failed_exit_code = 1;
constexpr int cannot_start_exit_code = 126;  // as shells have it for "found but not executable"

}  // namespace

Agent::Agent(model::NodeInfo info, Limits limits)
    : info_(std::move(info)), limits_(limits), heartbeat_(limits.heartbeat) {}

std::vector<Action> Agent::handle(const Input& input, base::Time now) {
  now_ = now;
  if (!exited_) {
    std::visit([this](const auto& word) { take(word); }, input);
    release_held();
    begin_epilogs();
    check_deadlines();
  }
  return std::exchange(actions_, {});
}

std::optional<base::Time> Agent::next_deadline() const {
  if (exited_) return std::nullopt;
  std::optional<base::Time> next;
  for (const auto& at : {greet_at_, heartbeat_at_, repeat_at_, exit_at_}) {
    if (at && (!next || *at < *next)) next = at;
  }
  for (const auto& [key, launch] : live_) {
    for (const auto& at : {launch.kill_at, launch.stands_at}) {
      if (at && (!next || *at < *next)) next = at;
    }
  }
  return next;
}

void Agent::take(const Restarted& input) {
  base::check(live_.empty() && ended_.empty() && settled_.empty(), "an agent restarts once");
  for (const Found& launch : input.found) found(launch);
}

void Agent::found(const Found& launch) {
  const model::LaunchKey& key = launch.key;
  if (const auto* running = std::get_if<StillRunning>(&launch.state)) {
    Live& still = live_[key];
    still.phase = Live::Phase::running;
    still.started_at = running->started_at;
    still.kill_grace = running->kill_grace;
    still.is_prepared = running->is_prepared;
    still.order = launch.order;
  } else if (const auto* reported = std::get_if<Reported>(&launch.state)) {
    if (reported->is_cleaning) wait_for_cleaning(key);
    ended_.insert_or_assign(key, ended_with(reported->report, launch.order));
  } else if (std::holds_alternative<PrologDue>(launch.state)) {
    Live& due = live_[key];
    due.phase = Live::Phase::prolog;
    due.is_in_doubt = true;
    due.kill_grace = model::time_to_end(*launch.order);
    due.order = launch.order;
    act(RunProlog{launch.order});
  } else if (const auto* gone = std::get_if<LauncherGone>(&launch.state)) {
    Live& lost = live_[key];
    lost.order = launch.order;
    lost.started_at = gone->started_at;
    if (gone->rebooted) {
      end(failed(key, model::Cause::node_lost, "rebooted", killed_exit_code));
    } else {
      launcher_gone(key, lost, {});
    }
  } else {
    settle(key);
  }
}

void Agent::take(const Connected& input) {
  if (!input.address.empty()) info_.address = input.address;
  link_ = Link::greeting;
  greet();
}

void Agent::take(const Disconnected& /*input*/) {
  link_ = Link::down;
  greet_at_.reset();
  heartbeat_at_.reset();
  repeat_at_.reset();
  for (auto& [key, launch] : live_) {
    launch.told = false;
    launch.stands_at.reset();
  }
  for (auto& [key, launch] : ended_) launch.sent_at.reset();
}

/// The hello tells all that is known, so only what changes from here on is news.
void Agent::greet() {
  told_ = condition_;
  told_undying_ = all_undying();
  model::AgentHello hello{
      .info = info_, .launches = {}, .condition = condition_, .undying = told_undying_};
  hello.launches.reserve(live_.size() + ended_.size());
  for (auto& [key, launch] : live_) {
    hello.launches.push_back({.key = key, .report = {}, .is_prepared = launch.is_prepared});
    launch.told = launch.is_begun();
  }
  for (auto& [key, launch] : ended_) {
    hello.launches.push_back({.key = key, .report = launch.report, .is_prepared = false});
    launch.sent_at = now_;
  }
  act(Send{std::move(hello)});
  greet_at_ = now_ + limits_.repeat;
}

void Agent::take(const LauncherStarted& input) {
  const auto at = live_.find(input.key);
  if (at == live_.end() || at->second.phase != Live::Phase::starting) return;
  Live& launch = at->second;
  launch.phase = Live::Phase::running;
  launch.started_at = now_;
  tell_started(input.key, launch);
  if (launch.stop_wanted) stop_launcher(input.key, launch);
}

void Agent::take(const LauncherFailed& input) {
  if (!live_.contains(input.key)) return;
  end(failed(input.key, model::Cause::cannot_start, input.text, cannot_start_exit_code));
}

/// A hello that is on its way does not say it: after the answer it is told.
void Agent::take(const LauncherPrepared& input) {
  const auto at = live_.find(input.key);
  if (at == live_.end() || at->second.is_prepared) return;
  at->second.is_prepared = true;
  at->second.told = false;
  if (at->second.phase == Live::Phase::running) tell_started(at->first, at->second);
}

void Agent::take(const LauncherEnded& input) {
  const auto at = live_.find(input.key);
  if (at == live_.end() || at->second.phase == Live::Phase::cleaning) return;
  if (!input.report) {
    launcher_gone(input.key, at->second, input.how);
    return;
  }
  if (input.is_cleaning) wait_for_cleaning(input.key);
  // The launcher wrote the report itself: nothing is left to be kept.
  auto order = std::move(at->second.order);
  const bool is_early = !at->second.is_told_to_end();
  live_.erase(at);
  add_ended(*input.report, std::move(order), is_early);
}

void Agent::launcher_gone(const model::LaunchKey& key, Live& launch, std::string how) {
  launch.phase = Live::Phase::cleaning;
  launch.how_lost =
      launch.is_killed ? "it did not end when it was told to, and was killed" : std::move(how);
  launch.kill_at.reset();
  act(CleanUp{key});
}

/// What outlives SIGKILL is told before the end of the launch, or while it is cleaned up.
void Agent::wait_for_cleaning(const model::LaunchKey& key) {
  if (!undying_.contains(key)) cleaning_.insert(key);
}

/// What is left of a launch does not keep it from its end.
void Agent::take(const Outlived& input) {
  cleaning_.erase(input.key);
  if (!input.undying.empty()) {
    undying_[input.key] = input.undying;
    tell_undying();
  }
  const auto at = live_.find(input.key);
  if (at == live_.end() || at->second.phase != Live::Phase::cleaning) return;
  end(failed(input.key, model::Cause::launcher_lost, at->second.how_lost, killed_exit_code));
}

std::vector<model::Undying> Agent::all_undying() const {
  std::vector<model::Undying> all;
  for (const auto& [key, processes] : undying_)
    all.insert(all.end(), processes.begin(), processes.end());
  return all;
}

void Agent::tell_undying() {
  if (link_ != Link::up) return;
  auto all = all_undying();
  if (all == told_undying_) return;
  told_undying_ = all;
  act(Send{model::ReportUndying{std::move(all)}});
}

void Agent::take(const Cleaned& input) {
  cleaning_.erase(input.key);
  if (undying_.erase(input.key) > 0) tell_undying();
  const auto at = live_.find(input.key);
  if (at == live_.end() || at->second.phase != Live::Phase::cleaning) return;
  end(failed(input.key, model::Cause::launcher_lost, at->second.how_lost, killed_exit_code));
}

void Agent::take(const Conditioned& input) {
  condition_ = input.condition;
  tell_condition();
}

void Agent::tell_condition() {
  if (link_ != Link::up || told_ == condition_) return;
  told_ = condition_;
  act(Send{model::ReportCondition{condition_}});
}

void Agent::take(const Tick& /*input*/) {}

model::LaunchReport Agent::failed(const model::LaunchKey& key, model::Cause cause,
                                  std::string_view text, int exit_code) const {
  model::Failure failure;
  failure.cause = cause;
  failure.text = text;
  if (key.preparation && cause == model::Cause::launcher_lost) {
    failure.cause = model::Cause::preparation;
    failure.text = "it lost its launcher" + (text.empty() ? "" : ": " + failure.text);
  } else if (key.preparation && cause == model::Cause::cannot_start) {
    failure.cause = model::Cause::preparation;
  }
  failure.node = info_.name;
  failure.step = key.step;
  const auto at = live_.find(key);
  const bool ran = at != live_.end() && at->second.started_at != base::Time();
  return {.key = key,
          .started_at = ran ? at->second.started_at : now_,
          .ended_at = now_,
          .exit_code = exit_code,
          .failure = std::move(failure),
          .usage = {},
          .ranks = {}};
}

/// A launch ends with a report that the agent itself made.
void Agent::end(model::LaunchReport report) {
  act(KeepReport{report});
  Order order;
  if (const auto at = live_.find(report.key); at != live_.end()) {
    order = std::move(at->second.order);
    live_.erase(at);
  }
  add_ended(std::move(report), std::move(order), true);
}

Agent::Ended Agent::ended_with(model::LaunchReport report, Order order) {
  report.is_epilog_due = order != nullptr && !order->site_programs.epilog.empty();
  return {.report = std::move(report), .sent_at = {}, .order = std::move(order)};
}

void Agent::add_ended(model::LaunchReport report, Order order, bool is_early) {
  const model::LaunchKey key = report.key;
  const auto [at, is_new] =
      ended_.insert_or_assign(key, ended_with(std::move(report), std::move(order)));
  at->second.is_early = is_early;
  tell_ended(at->second);
}

/// A prolog that was begun is let end: half of it would be worse for the node.
void Agent::take(const PrologEnded& input) {
  const auto at = live_.find(input.key);
  if (at == live_.end() || at->second.phase != Live::Phase::prolog) return;
  Live& launch = at->second;
  if (!input.fault.empty()) {
    end(failed(input.key, model::Cause::prolog, input.fault, failed_exit_code));
  } else {
    launch.phase = Live::Phase::held;  // unless nothing is in doubt
  }
}

/// What was found on disk may be wanted no more: the controller says so with its Welcome, or says
/// nothing. Others do not wait.
void Agent::release_held() {
  std::vector<model::LaunchKey> unwanted;
  for (auto& [key, launch] : live_) {
    if (launch.stands_at && *launch.stands_at <= now_) {
      launch.stands_at.reset();
      launch.is_in_doubt = false;
    }
    if (launch.phase != Live::Phase::held) continue;
    if (launch.stop_wanted) {
      unwanted.push_back(key);
    } else if (!launch.is_in_doubt) {
      launch.phase = Live::Phase::starting;
      act(StartLauncher{.order = *launch.order, .has_directory = true});
    }
  }
  for (const auto& key : unwanted) refuse(key, "never started");
}

/// Where a preparation was lost, what else there is of its attempt is still being ended.
void Agent::begin_epilogs() {
  for (auto& [key, launch] : ended_) {
    const bool is_next = launch.report.is_epilog_due && !launch.is_epilog_begun && !is_left(key);
    if (!is_next) continue;
    launch.is_epilog_begun = true;
    act(RunEpilog{launch.order});
  }
}

/// May there be processes of an attempt, beside those that outlived SIGKILL?
bool Agent::is_left(const model::LaunchKey& attempt_of) const {
  const model::LaunchKey first{.job = attempt_of.job, .attempt = attempt_of.attempt, .step = {}};
  const auto is_of_attempt = [&](const model::LaunchKey& key) {
    return key.job == attempt_of.job && key.attempt == attempt_of.attempt;
  };
  const auto live = live_.lower_bound(first);
  const auto cleaning = cleaning_.lower_bound(first);
  return (live != live_.end() && is_of_attempt(live->first)) ||
         (cleaning != cleaning_.end() && is_of_attempt(*cleaning));
}

void Agent::take(const EpilogEnded& input) {
  const auto at = ended_.find(input.key);
  if (at == ended_.end() || !at->second.report.is_epilog_due) return;
  Ended& launch = at->second;
  launch.report.is_epilog_due = false;
  launch.report.epilog_fault = input.fault;
  launch.order.reset();
  launch.sent_at.reset();  // a hello that is on its way says that it is due
  tell_ended(launch);
}

void Agent::settle(const model::LaunchKey& key) {
  if (!settled_.insert(key).second) return;
  settled_order_.push_back(key);
  if (settled_order_.size() > limits_.settled_keys) {
    settled_.erase(settled_order_.front());
    settled_order_.pop_front();
  }
}

void Agent::tell_started(const model::LaunchKey& key, Live& launch) {
  if (link_ != Link::up) return;
  launch.told = true;
  if (launch.is_prepared) {
    act(Send{model::ReportPrepared{key}});
  } else {
    act(Send{model::ReportStarted{key}});
  }
}

/// One whose epilog is due is told if nobody told it to end: then the rest of its attempt is to.
void Agent::tell_ended(Ended& launch) {
  if (link_ != Link::up) return;
  if (launch.report.is_epilog_due && !launch.report.failure && !launch.is_early) return;
  launch.sent_at = now_;
  act(Send{model::ReportEnded{launch.report}});
  if (!repeat_at_) repeat_at_ = now_ + limits_.repeat;
}

void Agent::repeat_reports() {
  for (auto& [key, launch] : ended_) {
    if (!launch.sent_at || *launch.sent_at + limits_.repeat <= now_) tell_ended(launch);
  }
  repeat_at_.reset();
  if (!ended_.empty()) repeat_at_ = now_ + limits_.repeat;
}

/// A dead file server may hold a launcher in the kernel, where it hears nothing else.
void Agent::kill_overdue() {
  for (auto& [key, launch] : live_) {
    if (!launch.kill_at || *launch.kill_at > now_) continue;
    launch.kill_at.reset();
    launch.is_killed = true;
    act(KillLauncher{key});
  }
}

void Agent::check_deadlines() {
  kill_overdue();
  if (greet_at_ && *greet_at_ <= now_) greet();
  if (heartbeat_at_ && *heartbeat_at_ <= now_) {
    act(Send{model::Heartbeat{}});
    heartbeat_at_ = now_ + heartbeat_;
  }
  if (repeat_at_ && *repeat_at_ <= now_) repeat_reports();
  if (exit_at_ && (*exit_at_ <= now_ || (live_.empty() && ended_.empty()))) {
    exited_ = true;
    act(Exit{});
  }
}

bool Agent::is_known(const model::LaunchKey& key) const {
  return live_.contains(key) || ended_.contains(key) || settled_.contains(key);
}

/// Keys are ordered by job, then attempt: a later attempt of the job is the next key after the
/// attempt's own.
bool Agent::is_superseded(const model::LaunchKey& key) const {
  const model::LaunchKey next{.job = key.job, .attempt = key.attempt + 1, .step = {}};
  const auto has_later = [&](const auto& launches, auto key_of) {
    const auto at = launches.lower_bound(next);
    return at != launches.end() && key_of(*at).job == key.job;
  };
  const auto first = [](const auto& entry) -> const model::LaunchKey& { return entry.first; };
  const auto itself = [](const model::LaunchKey& entry) -> const model::LaunchKey& {
    return entry;
  };
  return has_later(live_, first) || has_later(ended_, first) || has_later(settled_, itself);
}

}  // namespace agent
