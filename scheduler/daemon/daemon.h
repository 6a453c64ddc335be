#pragma once
// musterd from its configuration to its exit status.

#include <string>

#include "scheduler/daemon/exit_status.h"

namespace musterd {

/// Runs until it is told to stop; SIGHUP makes it read its configuration again. An error before
/// that is one line on standard error.
ExitStatus run_daemon(const std::string& config_path);

}  // namespace musterd
