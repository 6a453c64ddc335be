#pragma once
// What the agent's driver tells its core: what the disk says, what the controller says, what became
// of launchers.

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/sum.h"
#include "lib/base/time.h"
#include "lib/model/agent_message.h"
#include "lib/model/ids.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"
#include "lib/model/undying.h"

namespace agent {

// What a launch directory says at the agent's start. A directory whose launcher never ran is
// removed by the driver and not mentioned: the controller repeats the order.

/// Its launcher lives.
struct StillRunning {
  base::Time started_at;
  base::Duration kill_grace{};
  bool is_prepared = false;  // of a preparation
};
/// Its prolog was begun, and no launcher of it has run.
struct PrologDue {};
/// Its report is there and not acknowledged.
struct Reported {
  model::LaunchReport report;
  bool is_cleaning = false;  // what it left is being killed: Cleaned or Outlived follows
};
/// Its launcher is gone without a report.
struct LauncherGone {
  base::Time started_at;
  bool rebooted = false;  // it ran in an earlier boot of the machine: nothing of it can be left
};
/// Its report is acknowledged; the directory may be gone but the key is remembered.
struct Settled {};

struct Found {
  model::LaunchKey key;
  std::variant<StillRunning, Reported, LauncherGone, Settled, PrologDue> state;
  /// Of one with programs of the site, unless its epilog has ended.
  std::shared_ptr<const model::LaunchOrder> order = {};
};

/// The first input: everything on disk, settled ones oldest first.
struct Restarted {
  std::vector<Found> found;
};

/// The connection to the controller is there. It is gone again with Disconnected.
struct Connected {
  std::string address = {};  // of the node from now on; empty: as before
};
struct Disconnected {};

/// Not LogRead, LogCancel, CheckNode and NodeLogRead, which the driver answers itself; they are
/// ignored.
struct Received {
  model::ToAgent message;
};

/// Answers to RunProlog and RunEpilog. A fault says what went wrong, with the last line that the
/// program said; empty: nothing.
struct PrologEnded {
  model::LaunchKey key;
  std::string fault;
};
struct EpilogEnded {
  model::LaunchKey key;
  std::string fault;
};

/// Answers to StartLauncher: the launcher's process exists, or nothing was started.
struct LauncherStarted {
  model::LaunchKey key;
};
struct LauncherFailed {
  model::LaunchKey key;
  std::string text;
};

/// The launcher of a preparation has done it, and holds what it made.
struct LauncherPrepared {
  model::LaunchKey key;
};

/// The launcher's process is gone; without a report it was killed.
struct LauncherEnded {
  model::LaunchKey key;
  std::optional<model::LaunchReport> report;
  std::string how;           // without a report: "killed by signal 9", where known
  bool is_cleaning = false;  // with one: what it left is being killed, Cleaned or Outlived follows
};

/// Processes of the launch that outlived SIGKILL, all of them. Before LauncherEnded where its
/// launcher left them; else it is an answer to CleanUp, and Cleaned follows when they are gone.
struct Outlived {
  model::LaunchKey key;
  std::vector<model::Undying> undying;
};

/// Answer to CleanUp: no process of the launch is left.
struct Cleaned {
  model::LaunchKey key;
};

/// Whether the node is fit for work, first of all and at each change.
struct Conditioned {
  model::NodeCondition condition;
};

/// Time has come to next_deadline().
struct Tick {};

using InputTypes = base::Alternatives<Restarted, Connected, Disconnected, Received, LauncherStarted,
                                      LauncherFailed, LauncherPrepared, LauncherEnded, Cleaned,
                                      Conditioned, Tick, Outlived, PrologEnded, EpilogEnded>;

using Input = base::Sum<InputTypes>;

}  // namespace agent
