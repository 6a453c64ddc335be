#pragma once
// What --json prints: the members that tools read, in the form of Slurm 23.11. Pure.

#include <span>
#include <string>
#include <vector>

#include "cli/compat/node_fields.h"
#include "cli/compat/slurm_format.h"
#include "lib/model/record.h"

namespace compat {

/// Of squeue and of scontrol show job.
std::string queue_json(std::span<const model::JobRecord> jobs, const Surroundings& with);
/// Of sacct.
std::string account_json(std::span<const model::JobRecord> jobs, const Surroundings& with);
/// Of sinfo.
std::string nodes_json(std::span<const NodeGroup> groups, const Surroundings& with);

}  // namespace compat
