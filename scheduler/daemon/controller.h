#pragma once
// The controller of a cluster, put together on one loop: driver, agents, API and local nodes.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "conf/config.h"
#include "lib/base/result.h"
#include "lib/http/server.h"
#include "lib/loop/log.h"
#include "lib/loop/signal.h"
#include "lib/loop/timer.h"
#include "lib/store/journal.h"
#include "lib/wire/api.h"
#include "scheduler/core/engine.h"
#include "scheduler/daemon/agents.h"
#include "scheduler/daemon/api.h"
#include "scheduler/daemon/api_gate.h"
#include "scheduler/daemon/archive.h"
#include "scheduler/daemon/driver.h"
#include "scheduler/daemon/events.h"
#include "scheduler/daemon/exit_status.h"
#include "scheduler/daemon/job_waits.h"
#include "scheduler/daemon/local_slices.h"
#include "scheduler/daemon/log_streams.h"
#include "scheduler/daemon/members.h"
#include "scheduler/daemon/paths.h"
#include "scheduler/daemon/providers.h"
#include "scheduler/daemon/requests.h"
#include "scheduler/daemon/shutdown.h"
#include "scheduler/daemon/snapshots.h"
#include "scheduler/daemon/step_access.h"
#include "scheduler/daemon/watchdog.h"

namespace musterd {

class Controller {
 public:
  struct Setup {
    const conf::Config& config;
    const wire::ConfigNews& news;
    const Paths& paths;
    const StepAccess& access;
    store::Journal& journal;
    store::Reader& reader;  // of the same journal, for another thread
    const loop::Log& log;
    std::string agent_program;
    std::uint32_t owner_uid = 0;
    Snapshots::Options snapshots;
    Events::Options events;
  };

  /// Reads the journal and opens the sockets; work begins when the loop runs. Errors: corrupt for a
  /// journal that cannot be read; those of the sockets.
  static base::Result<std::unique_ptr<Controller>> open(loop::Loop& loop, const Setup& setup);
  ~Controller();

  /// Ends the loop when the clients have their answers. Jobs and agents go on.
  void stop(ExitStatus status);
  ExitStatus exit_status() const { return exit_status_; }
  /// Not while it ends.
  bool may_reload() const;
  /// Makes room for another one in this process: as stop, and who follows something asks that one.
  void reload();

  const Driver& driver() const { return *driver_; }
  const Agents& agents() const { return *agents_; }

 private:
  struct Made {
    std::vector<LocalSlice> slices;
    scheduler::Engine engine;
    model::Seq covered = 0;
    std::shared_ptr<bool> gate_closed;
  };

  Controller(loop::Loop& loop, const Setup& setup, Made made);
  base::Result<void> listen();
  base::Result<void> open_members();
  base::Result<void> open_agents();
  base::Result<void> open_providers();
  std::set<std::string> node_names() const;
  void make_api();
  void perform(const scheduler::Action& action);
  void publish(model::Seq seq, const model::Fact& fact);
  void fail(const base::Error& error);
  void drain();
  wire::Status status() const;
  bool is_shown(const scheduler::Node& node) const;

  loop::Loop& loop_;
  Setup setup_;
  std::vector<LocalSlice> slices_;
  std::shared_ptr<bool> gate_closed_;
  ExitStatus exit_status_ = ExitStatus::stopped;
  std::optional<loop::Elapsed> stopping_;
  base::Duration linger_ = std::chrono::seconds(1);  // for clients to take their answers

  Requests requests_;
  JobWaits waits_;
  std::unique_ptr<Driver> driver_;
  Archive archive_;
  Snapshots snapshots_;
  Events events_;
  std::unique_ptr<Members> members_;  // null: nothing is listened on for machines
  std::unique_ptr<Agents> agents_;
  std::optional<LogStreams> logs_;
  std::unique_ptr<Providers> providers_;
  std::optional<Shutdown> shutdown_;
  std::optional<Api> api_;
  std::optional<http::Server> server_;
  std::optional<ApiGate> gate_;
  Watchdog watchdog_;
  loop::Timer drain_timer_;
};

}  // namespace musterd
