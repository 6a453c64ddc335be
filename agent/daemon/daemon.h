#pragma once
// The agent at work: carries out what the core decides and tells it what happens.

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/core/agent.h"
#include "agent/daemon/care.h"
#include "agent/daemon/checkpoints.h"
#include "agent/daemon/containment.h"
#include "agent/daemon/gpu_reports.h"
#include "agent/daemon/launch_dirs.h"
#include "agent/daemon/launchers.h"
#include "agent/daemon/link.h"
#include "agent/daemon/log_reads.h"
#include "agent/daemon/relay.h"
#include "agent/daemon/retention.h"
#include "agent/daemon/site_programs.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/address.h"
#include "lib/loop/file_watch.h"
#include "lib/loop/log.h"
#include "lib/loop/signal.h"
#include "lib/loop/timer.h"
#include "lib/loop/work.h"
#include "lib/model/node.h"

namespace loop {
class Loop;
}  // namespace loop

namespace agentd {

struct Settings {
  std::string node_dir;
  loop::Address controller;
  std::shared_ptr<const loop::ShieldMaker> tls = nullptr;      // for a controller at a TLS address
  std::shared_ptr<const loop::ShieldMaker> api_tls = nullptr;  // the same, of users of this machine
  std::string run_dir;         // of sockets for jobs, where the controller is elsewhere
  bool finds_address = false;  // tells the controller the address that its connection has here
  std::string launcher;        // path of muster-launch
  std::string nodeprep = {};   // path of muster-nodeprep
  agent::Limits limits;
  RetentionLimits retention;
  ContainmentMode containment = ContainmentMode::automatic;
  std::optional<base::Duration> leave_notice = {};  // on SIGTERM; absent: it just exits
};

class Daemon {
 public:
  static base::Result<std::unique_ptr<Daemon>> open(loop::Loop& loop, const Settings& settings,
                                                    const model::NodeInfo& info, loop::Log& log);

  /// Takes up what is on disk and dials the controller. The loop stops when the agent is told to
  /// exit, or on SIGTERM and SIGINT; launchers run on. With a notice, SIGTERM has the controller
  /// evict the node first. Programs of the site that run have their time after it; a second one
  /// ends them.
  void start(bool rebooted);

 private:
  struct Parts {
    LaunchDirs dirs;
    Retention retention;
    Containment containment;
    std::unique_ptr<Relay> relay;  // of a machine that joined over TLS
  };
  Daemon(loop::Loop& loop, const Settings& settings, const model::NodeInfo& info, loop::Log& log,
         Parts parts);

  void feed(agent::Input input);
  void received(model::ToAgent message);
  void launcher_ended(const model::LaunchKey& key, std::optional<model::LaunchReport> report,
                      std::string how);
  void watch_undying(bool rebooted);
  void watch_files(const model::LaunchKey& key);
  void prune(std::size_t most);
  void remove(const model::LaunchKey& key);
  void leave();
  void stop_after_programs();
  void say_leaving();
  void look_whether_left();
  void arm();
  LauncherEvents launcher_events();
  LinkEvents link_events();
  void open_care(bool rebooted);
  LogReadsDoors log_doors();

  void perform(const agent::Send& action);
  void perform(const agent::StartLauncher& action);
  void perform(const agent::StopLauncher& action);
  void perform(const agent::KillLauncher& action);
  void perform(const agent::SaveLauncher& action);
  void perform(const agent::CleanUp& action);
  void perform(const agent::KeepReport& action);
  void perform(const agent::MarkAcknowledged& action);
  void perform(const agent::Exit& action);
  void perform(const agent::RunProlog& action);
  void perform(const agent::RunEpilog& action);
  model::LaunchOrder placed(model::LaunchOrder order) const;
  SitePrograms::Events program_events();

  loop::Loop& loop_;
  loop::Log& log_;
  agent::Agent core_;
  LaunchDirs dirs_;
  Retention retention_;
  Containment containment_;
  Care::Options care_options_;
  std::string run_dir_;
  bool finds_address_;
  std::unique_ptr<Relay> relay_;
  Launchers launchers_;
  SitePrograms programs_;
  Link link_;
  LogReads log_reads_;
  Checkpoints checkpoints_;
  GpuReports gpu_reports_;
  bool has_gpus_;
  std::unique_ptr<Care> care_;                            // from start() on
  std::map<model::LaunchKey, loop::FileWatch> prepared_;  // of preparations that run
  std::map<model::LaunchKey, loop::Work> removals_;
  loop::Timer deadline_;
  loop::Timer prune_timer_;
  loop::Timer leave_timer_;
  std::optional<base::Duration> leave_notice_;
  std::optional<base::Time> leaves_at_;  // with a notice
  std::optional<base::Time> stops_at_;   // without one, while programs of the site run
  loop::Signal terminate_;
  loop::Signal interrupt_;
  std::deque<agent::Input> inputs_;
  bool is_feeding_ = false;
  bool was_connected_ = true;  // said in the log
  std::string last_away_;      // likewise: why there is no connection
  std::string last_refusal_;
  bool is_welcome_ = false;
};

}  // namespace agentd
