#include "agent/daemon/daemon.h"

#include <signal.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "agent/daemon/leftovers.h"
#include "agent/daemon/scan.h"
#include "agent/daemon/undying.h"
#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration prune_period = 10min;
constexpr base::Duration leave_look = 250ms;
constexpr std::size_t pruned_at_once = 1000;
constexpr std::size_t log_queue_bytes = std::size_t{1} << 20;  // more chunks wait for room

/// Null on the controller's own machine, where jobs reach its socket.
base::Result<std::unique_ptr<Relay>> open_relay(loop::Loop& loop, const Settings& settings,
                                                const loop::Log& log) {
  if (!settings.api_tls) return nullptr;
  // Users of the machine come through, where the folder above lets them.
  if (auto made = loop::make_directories(settings.run_dir, 0755); !made) {
    return std::unexpected(std::move(made).error());
  }
  return Relay::open(loop,
                     {.socket = settings.run_dir + "/" + model::api_socket_name,
                      .controller = settings.controller,
                      .tls = settings.api_tls},
                     log);
}

}  // namespace

base::Result<std::unique_ptr<Daemon>> Daemon::open(loop::Loop& loop, const Settings& settings,
                                                   const model::NodeInfo& info, loop::Log& log) {
  auto dirs = LaunchDirs::open(settings.node_dir);
  if (!dirs) return std::unexpected(std::move(dirs).error());
  auto retention = Retention::open(settings.node_dir, settings.retention);
  if (!retention) return std::unexpected(std::move(retention).error());
  auto containment = Containment::open(settings.containment, info.name, settings.node_dir);
  if (!containment) return std::unexpected(std::move(containment).error());
  auto relay = open_relay(loop, settings, log);
  if (!relay) return std::unexpected(std::move(relay).error());
  model::NodeInfo contained = info;
  contained.containment = containment->description();
  return std::unique_ptr<Daemon>(new Daemon(
      loop, settings, contained, log,
      {*std::move(dirs), *std::move(retention), *std::move(containment), *std::move(relay)}));
}

Daemon::Daemon(loop::Loop& loop, const Settings& settings, const model::NodeInfo& info,
               loop::Log& log, Parts parts)
    : loop_(loop),
      log_(log),
      core_(info, settings.limits),
      dirs_(std::move(parts.dirs)),
      retention_(std::move(parts.retention)),
      containment_(std::move(parts.containment)),
      care_options_{settings.node_dir, info.name, settings.nodeprep},
      run_dir_(settings.run_dir),
      finds_address_(settings.finds_address),
      relay_(std::move(parts.relay)),
      launchers_(loop, dirs_, settings.launcher, containment_.launcher_arguments(),
                 launcher_events()),
      programs_(loop, dirs_, settings.node_dir, log, program_events()),
      link_(loop, settings.controller, settings.tls, link_events()),
      log_reads_(loop, dirs_, log_doors()),
      checkpoints_(loop, dirs_,
                   [this](const model::ReportCheckpoint& checkpoint) {
                     if (is_welcome_) link_.send(checkpoint);
                     return is_welcome_;
                   }),
      gpu_reports_(loop, dirs_,
                   [this](const model::ReportGpus& report) {
                     if (is_welcome_) link_.send(report);
                     return is_welcome_;
                   }),
      has_gpus_(!info.topology.gpus.empty()),
      deadline_(loop, [this] { feed(agent::Tick{}); }),
      prune_timer_(loop, [this] { prune(pruned_at_once); }),
      leave_timer_(loop, [this] { look_whether_left(); }),
      leave_notice_(settings.leave_notice),
      terminate_(loop, SIGTERM, [this] { leave(); }),
      interrupt_(loop, SIGINT, [this] { loop_.stop(); }) {}

LauncherEvents Daemon::launcher_events() {
  return {
      .ended = [this](const model::LaunchKey& key, std::optional<model::LaunchReport> report,
                      std::string how) { launcher_ended(key, std::move(report), std::move(how)); },
      .outlived =
          [this](const model::LaunchKey& key, std::vector<model::Undying> undying) {
            for (const auto& process : undying)
              log_.warn("outlived_sigkill", {{"what", describe(process)}});
            feed(agent::Outlived{key, std::move(undying)});
          },
      .cleaned = [this](const model::LaunchKey& key) { feed(agent::Cleaned{key}); }};
}

SitePrograms::Events Daemon::program_events() {
  return {.prolog_ended =
              [this](const model::LaunchKey& key, std::string fault) {
                feed(agent::PrologEnded{key, std::move(fault)});
              },
          .epilog_ended =
              [this](const model::LaunchKey& key, std::string fault) {
                // Without the file the next agent runs it again.
                if (const auto kept = dirs_.keep_epilog(key, fault); !kept)
                  log_.error("epilog_not_kept", {{"why", kept.error().text}});
                feed(agent::EpilogEnded{key, std::move(fault)});
              }};
}

LinkEvents Daemon::link_events() {
  return {.connected =
              [this](const std::string& own_host) {
                feed(agent::Connected{.address = finds_address_ ? own_host : std::string()});
              },
          .disconnected =
              [this](const std::string& why) {
                // Each reason once: it is dialled again and again.
                const bool is_new = std::exchange(last_away_, why) != why;
                if (std::exchange(was_connected_, false) || is_new) {
                  log_.warn("controller_away", {{"why", why}});
                }
                is_welcome_ = false;
                log_reads_.cancel_all();
                care_->disconnected();
                feed(agent::Disconnected{});
              },
          .received = [this](model::ToAgent message) { received(std::move(message)); },
          .drained = [this] { log_reads_.resume(); }};
}

LogReadsDoors Daemon::log_doors() {
  return {.send = [this](const model::LogChunk& chunk) { link_.send(chunk); },
          .may_send = [this] { return link_.queued_bytes() < log_queue_bytes; },
          .may_grow = [this](const model::LaunchKey& key) { return launchers_.is_running(key); }};
}

void Daemon::open_care(bool rebooted) {
  care_ = Care::open(
      loop_, care_options_, rebooted, log_,
      {.changed = [this](const model::NodeCondition& now) { feed(agent::Conditioned{now}); },
       .checked = [this](const model::NodeChecked& checked) { link_.send(checked); }});
  feed(agent::Conditioned{care_->condition()});
}

void Daemon::start(bool rebooted) {
  agent::Restarted restarted;
  for (const model::LaunchKey& key : retention_.forgotten()) {
    restarted.found.push_back({key, agent::Settled{}});
  }
  retention_.release_forgotten();
  Scan found = scan(dirs_, rebooted);
  std::set<model::LaunchKey> open;
  for (const Settled& launch : found.settled) {
    restarted.found.push_back({launch.key, agent::Settled{}});
    retention_.add(launch.key, launch.at);
  }
  for (agent::Found& launch : found.open) {
    if (!std::holds_alternative<agent::Reported>(launch.state)) open.insert(launch.key);
    if (std::holds_alternative<agent::StillRunning>(launch.state)) {
      launchers_.watch(launch.key);
      watch_files(launch.key);
    }
    const auto* gone = std::get_if<agent::LauncherGone>(&launch.state);
    if (gone != nullptr && gone->rebooted) remove_job_folders(dirs_.path(launch.key));
    // Whether the launcher has ended what it started is its user's word.
    auto* reported = std::get_if<agent::Reported>(&launch.state);
    if (reported != nullptr && !rebooted && dirs_.own(launch.key).is_users) {
      launchers_.clean_up(launch.key);
      reported->is_cleaning = launchers_.is_cleaning(launch.key);
    }
    restarted.found.push_back(std::move(launch));
  }
  containment_.sweep(open);
  log_.info("agent_started",
            {{"launches_open", found.open.size()}, {"launches_settled", found.settled.size()}});
  log_.info("containment", {{"groups", containment_.description()}});
  feed(std::move(restarted));
  watch_undying(rebooted);
  open_care(rebooted);
  prune_timer_.start_repeating(prune_period);
  link_.start();
}

/// Those that an earlier agent has told of.
void Daemon::watch_undying(bool rebooted) {
  for (const model::LaunchKey& key : launches_with_undying(dirs_)) {
    rebooted ? forget_undying(dirs_.path(key)) : launchers_.clean_up(key);
  }
}

/// Actions bring new inputs: they wait until the actions of this one are carried out.
void Daemon::feed(agent::Input input) {
  inputs_.push_back(std::move(input));
  if (std::exchange(is_feeding_, true)) return;
  while (!inputs_.empty()) {
    const agent::Input next = std::move(inputs_.front());
    inputs_.pop_front();
    for (const agent::Action& action : core_.handle(next, loop::now())) {
      std::visit([this](const auto& what) { perform(what); }, action);
    }
  }
  is_feeding_ = false;
  arm();
}

void Daemon::arm() {
  const auto at = core_.next_deadline();
  if (at) {
    deadline_.start(std::max(*at - loop::now(), base::Duration{}));
  } else {
    deadline_.stop();
  }
}

void Daemon::received(model::ToAgent message) {
  const bool for_core =
      std::visit(base::Overloaded{
                     [this](const model::LogRead& request) {
                       log_reads_.start(request);
                       return false;
                     },
                     [this](const model::LogCancel& request) {
                       log_reads_.cancel(request.request);
                       return false;
                     },
                     [this](const model::CheckNode& request) {
                       care_->check(request);
                       return false;
                     },
                     [this](const model::NodeLogRead& request) {
                       link_.send(care_->read_log(request));
                       return false;
                     },
                     [this](const model::Welcome& welcome) {
                       was_connected_ = true;
                       is_welcome_ = true;
                       if (leaves_at_) say_leaving();
                       checkpoints_.tell_again();
                       gpu_reports_.tell_again();
                       link_.accepted();
                       last_refusal_.clear();
                       last_away_.clear();
                       log_.info("welcomed", {{"node", welcome.node.number()}});
                       return true;
                     },
                     [this](const model::Refused& refused) {
                       if (std::exchange(last_refusal_, refused.why) != refused.why) {
                         log_.error("refused", {{"why", refused.why}});
                       }
                       return true;
                     },
                     [](const auto&) { return true; },
                 },
                 message);
  if (!for_core) return;
  const auto* welcome = std::get_if<model::Welcome>(&message);
  const auto welcomed = welcome != nullptr ? std::optional(*welcome) : std::nullopt;
  feed(agent::Received{std::move(message)});
  if (welcomed) care_->want(*welcomed);
}

/// The controller evicts the node; the agent goes when nothing runs any more or time is over.
void Daemon::leave() {
  if (leaves_at_) return loop_.stop();
  if (!leave_notice_) return stop_after_programs();
  leaves_at_ = loop::now() + *leave_notice_;
  log_.warn("leaving", {{"in", base::to_text(*leave_notice_)}});
  if (is_welcome_) say_leaving();
  leave_timer_.start_repeating(leave_look);
}

/// Half of one would be worse for the node than its minute.
void Daemon::stop_after_programs() {
  const auto limit = programs_.longest_limit();
  if (!limit || stops_at_) return loop_.stop();
  stops_at_ = loop::now() + *limit;
  log_.info("stops_after_programs", {{"within", base::to_text(*limit)}});
  leave_timer_.start_repeating(leave_look);
}

void Daemon::say_leaving() {
  link_.send(model::Leaving{std::max(*leaves_at_ - loop::now(), base::Duration()),
                            "its agent was told to end"});
}

void Daemon::look_whether_left() {
  const bool is_free = leaves_at_ ? core_.count_running() == 0 && core_.count_unacknowledged() == 0
                                  : !programs_.longest_limit();
  if (is_free || loop::now() >= (leaves_at_ ? *leaves_at_ : *stops_at_)) loop_.stop();
}

void Daemon::launcher_ended(const model::LaunchKey& key, std::optional<model::LaunchReport> report,
                            std::string how) {
  if (!report) {
    log_.warn("launcher_lost", {{"launch", model::to_text(key)}, {"how", how}});
  }
  log_reads_.launch_ended(key);
  checkpoints_.forget(key);
  gpu_reports_.forget(key);
  prepared_.erase(key);
  feed(agent::LauncherEnded{.key = key,
                            .report = std::move(report),
                            .how = std::move(how),
                            .is_cleaning = launchers_.is_cleaning(key)});
}

void Daemon::perform(const agent::Send& action) {
  link_.send(action.message);
}

/// With what each node says by itself.
model::LaunchOrder Daemon::placed(model::LaunchOrder order) const {
  order.controller = model::on_node(order.controller, run_dir_);
  order.head_address = model::on_node(order.head_address, run_dir_);
  if (!order.shared_tmp.empty() && !order.shared_tmp.starts_with('/'))
    order.shared_tmp = run_dir_ + "/" + order.shared_tmp;
  return order;
}

void Daemon::perform(const agent::StartLauncher& action) {
  const model::LaunchKey& key = action.order.key;
  const auto started = launchers_.start(placed(action.order), action.has_directory);
  if (started) {
    log_.debug("launch_started", {{"launch", model::to_text(key)}});
    watch_files(key);
    feed(agent::LauncherStarted{key});
  } else {
    log_.error("launch_failed", {{"launch", model::to_text(key)}, {"why", started.error().text}});
    feed(agent::LauncherFailed{.key = key, .text = started.error().text});
  }
}

/// By which a launcher says something before its end.
void Daemon::watch_files(const model::LaunchKey& key) {
  if (model::is_script(key)) checkpoints_.watch(key);
  if (has_gpus_ && !key.preparation) gpu_reports_.watch(key);
  if (!key.preparation) return;
  const auto look = [this, key] {
    if (dirs_.is_prepared(key)) feed(agent::LauncherPrepared{key});
  };
  auto watch = loop::FileWatch::open(loop_, dirs_.own(key).file("prepared"), look);
  if (watch) prepared_.insert_or_assign(key, *std::move(watch));
  if (!watch) log_.error("preparation_not_watched", {{"why", watch.error().text}});
  loop_.defer(look);  // it may be there already
}

void Daemon::perform(const agent::StopLauncher& action) {
  launchers_.stop(action.key);
}

void Daemon::perform(const agent::KillLauncher& action) {
  log_.warn("launcher_overdue", {{"launch", model::to_text(action.key)}});
  launchers_.kill(action.key);
}

void Daemon::perform(const agent::SaveLauncher& action) {
  launchers_.save(action.key);
}

void Daemon::perform(const agent::CleanUp& action) {
  launchers_.clean_up(action.key);
}

/// Without the file the report is still sent; only an agent that restarts now does not know it.
void Daemon::perform(const agent::KeepReport& action) {
  if (const auto kept = dirs_.keep_report(action.report); !kept) {
    log_.error("report_not_kept", {{"why", kept.error().text}});
  }
}

void Daemon::perform(const agent::MarkAcknowledged& action) {
  if (const auto marked = dirs_.mark_acknowledged(action.key); !marked) {
    log_.error("acknowledgement_not_kept", {{"why", marked.error().text}});
  }
  retention_.add(action.key, loop::now());
  prune(2);
}

void Daemon::prune(std::size_t most) {
  const Retention::Rules rules{
      // The next agent has to find them.
      .is_needed = [this](const auto& key) { return has_undying(dirs_.path(key)); },
      .remove = [this](const auto& key) { remove(key); }};
  const auto pruned = retention_.prune(loop::now(), most, rules);
  if (!pruned) log_.warn("launch_directory_stays", {{"why", pruned.error().text}});
}

/// A user may have put more there than the agent has time for.
void Daemon::remove(const model::LaunchKey& key) {
  const auto tell = [this](const base::Result<void>& removed) {
    if (!removed) log_.warn("launch_directory_stays", {{"why", removed.error().text}});
  };
  if (!dirs_.own(key).is_users) return tell(dirs_.remove(key));
  const auto done = [this, key, tell](const base::Result<void>& removed) {
    tell(removed);
    const model::LaunchKey removed_key = key;  // the closure goes with its Work
    removals_.erase(removed_key);
  };
  auto call = [dirs = dirs_, key] { return dirs.remove(key); };
  removals_.insert_or_assign(key, loop::in_background(loop_, std::move(call), done));
}

void Daemon::perform(const agent::RunProlog& action) {
  const model::LaunchKey& key = action.order->key;
  if (!dirs_.order(key)) {
    // The lock is the launcher's, later.
    const auto made = dirs_.create(placed(*action.order));
    if (!made) return feed(agent::PrologEnded{key, "cannot be started: " + made.error().text});
  }
  programs_.run_prolog(*action.order);
}

void Daemon::perform(const agent::RunEpilog& action) {
  programs_.run_epilog(*action.order);
}

void Daemon::perform(const agent::Exit& /*action*/) {
  log_.info("agent_exits", {{"reports_unsent", core_.count_unacknowledged()}});
  containment_.close();
  loop_.stop();
}

}  // namespace agentd
