#pragma once
// A server: holds one shard and serves it to all workers until SIGTERM.

#include "examples/parameter-server/options.h"
#include "examples/parameter-server/roster.h"

namespace parameter_server {

/// Returns when SIGTERM has come and the checkpoint, if one was asked for, is written.
base::Result<void> serve(const Roster& roster, const Options& options);

}  // namespace parameter_server
