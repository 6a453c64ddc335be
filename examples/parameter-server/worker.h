#pragma once
// A worker: pulls weights, pushes gradients of its digits, and waits for no other worker.

#include "examples/parameter-server/options.h"
#include "examples/parameter-server/roster.h"

namespace parameter_server {

/// Trains to the last epoch. The first worker reports epochs, and at the end the accuracy that all
/// have reached.
base::Result<void> work(const Roster& roster, const Options& options);

}  // namespace parameter_server
