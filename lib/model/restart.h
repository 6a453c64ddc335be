#pragma once
// When a job starts again after an attempt that failed by itself: "on=exit:75-79,signal max=5
// backoff=10s..5m", and with how much memory.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/index_set.h"
#include "lib/model/outcome.h"

namespace model {

/// What an attempt asks for that follows one that ran out of memory.
struct MemoryGrowth {
  int percent = 200;                // of what that had
  std::optional<base::Bytes> most;  // absent: what nodes have

  bool operator==(const MemoryGrowth&) const = default;
};

/// In whole mebibytes; never less than before.
base::Bytes grown(const MemoryGrowth& growth, base::Bytes before);

/// Beside what a job starts again for anyway (JobSpec::requeue).
struct RestartPolicy {
  IndexSet exit_codes;     // 1..255, of the script or of the process that failed
  bool on_signal = false;  // a process was killed by one
  bool on_timeout = false;
  bool on_oom = false;          // it ran out of memory
  bool on_hang = false;         // a step did nothing for its --hang-timeout
  bool on_preparation = false;  // a node could not be prepared
  bool on_node = false;         // a node was lost: counts and pauses as the others then
  bool avoids_nodes = false;    // not on nodes where an attempt failed, while others could do
  int most = 5;                 // restarts
  std::optional<MemoryGrowth> memory;  // only with on_oom; absent: as much as before
  base::Duration first_pause = std::chrono::seconds(10);   // whole seconds; doubles each time
  base::Duration longest_pause = std::chrono::minutes(5);  // not below the first

  bool operator==(const RestartPolicy&) const = default;
};

/// With all its parts: "on=exit:75-79,signal max=5 backoff=10s..5m".
std::string to_text(const RestartPolicy& policy);

/// Parts with blanks between them, each once, in any order; what is left out has its default:
/// on=CAUSE,... of exit[:CODES], signal, oom, timeout, hang, preparation, node (default
/// exit,signal), max=N from 1 to 1000, backoff=FIRST[..LONGEST] up to a day,
/// memory=xFACTOR[..MOST], and avoid-nodes. errors: invalid
base::Result<RestartPolicy> restart_policy_from_text(std::string_view text);

/// Is an attempt that came to this to be followed by another?
bool covers(const RestartPolicy& policy, const Outcome& outcome);

/// Before restart `number`, from 1 on.
base::Duration pause_before(const RestartPolicy& policy, int number);

}  // namespace model
