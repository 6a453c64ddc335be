#pragma once
// What the agent's core wants done, in this order, by its driver.

#include <memory>

#include "lib/base/sum.h"
#include "lib/model/agent_message.h"
#include "lib/model/ids.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"

namespace agent {

/// Lost with the connection; the core says it again.
struct Send {
  model::FromAgent message;
};

/// Make the launch directory, which must not exist, and write the order, unless that was done for
/// its prolog; start the launcher. Answered by LauncherStarted or LauncherFailed.
struct StartLauncher {
  model::LaunchOrder order;
  bool has_directory = false;
};

/// Make the launch directory, unless it is there with this order; run the site's prolog. Answered
/// by PrologEnded.
struct RunProlog {
  std::shared_ptr<const model::LaunchOrder> order;
};

/// Run the site's epilog; remember that it has ended, and how. Answered by EpilogEnded.
struct RunEpilog {
  std::shared_ptr<const model::LaunchOrder> order;
};

/// SIGTERM: it ends all that it started, reports and exits.
struct StopLauncher {
  model::LaunchKey key;
};

/// SIGKILL: told to end, it did not.
struct KillLauncher {
  model::LaunchKey key;
};

/// SIGUSR1: it sends the job's save signal to the processes that handle it.
struct SaveLauncher {
  model::LaunchKey key;
};

/// Kill whatever a launcher left that is gone without a report. Answered by Cleaned.
struct CleanUp {
  model::LaunchKey key;
};

/// Write the report into the launch directory, which is made if the launch never started: so it
/// never starts later.
struct KeepReport {
  model::LaunchReport report;
};

/// Remember that the report need not be sent again.
struct MarkAcknowledged {
  model::LaunchKey key;
};

/// End the agent's process.
struct Exit {};

using ActionTypes =
    base::Alternatives<Send, StartLauncher, StopLauncher, KillLauncher, SaveLauncher, CleanUp,
                       KeepReport, MarkAcknowledged, Exit, RunProlog, RunEpilog>;

using Action = base::Sum<ActionTypes>;

}  // namespace agent
