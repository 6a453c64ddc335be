#pragma once
// What the commands of PBS have in common: the server behind ids, and the exit codes that tools
// know.

#include <string>
#include <string_view>

#include "cli/api.h"
#include "cli/compat/slurm_format.h"

namespace cli {

// The errors of PBS, 15001 and 15139, as far as they fit into an exit code.
constexpr int exit_unknown_job = 153;
constexpr int exit_finished_job = 35;

/// Now, and the cluster as the server.
Try<compat::Surroundings> server_here(const Api& api);

/// "17" as "17.server".
std::string pbs_name(std::string_view id, std::string_view server);

}  // namespace cli
