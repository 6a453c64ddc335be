#pragma once
// The ended jobs of a cluster, from its journal, as a log to replay.

#include "lib/store/journal.h"
#include "sim/replay/log.h"

namespace replay {

/// Jobs that never started are dropped and counted. errors: those of the journal; invalid for a
/// record that makes no sense, with its job
base::Result<Log> read_history(store::Reader& history, const Reading& reading,
                               const Machine& machine);

}  // namespace replay
