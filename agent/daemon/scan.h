#pragma once
// What the launch directories say when an agent starts.

#include <compare>
#include <string>
#include <vector>

#include "agent/core/input.h"
#include "agent/daemon/launch_dirs.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"

namespace agentd {

struct Settled {
  base::Time at;  // of its end
  model::LaunchKey key;
  auto operator<=>(const Settled&) const = default;
};

struct Scan {
  std::vector<agent::Found> open;  // not settled
  std::vector<Settled> settled;    // oldest first
};

/// Looks at all directories. Those whose launcher never ran are removed. `rebooted`: no process of
/// any can be alive.
Scan scan(const LaunchDirs& dirs, bool rebooted);

/// Whose processes outlived SIGKILL, as their directories say.
std::vector<model::LaunchKey> launches_with_undying(const LaunchDirs& dirs);

/// Remembers the boot of the machine in NODE/boot; true when it was another one at the last call.
base::Result<bool> note_boot(const std::string& node_dir, const std::string& boot_id);

}  // namespace agentd
