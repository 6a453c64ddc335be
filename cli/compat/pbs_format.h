#pragma once
// What qstat and pbsnodes print, and the letters of states. Pure but for the local time zone.

#include <span>
#include <string>
#include <string_view>

#include "cli/compat/slurm_format.h"
#include "lib/model/record.h"

namespace compat {

/// Q R H W E F, and B for an array that has begun.
char pbs_state(const model::JobRecord& job);
/// "17.cluster", "17[4].cluster", "17[].cluster".
std::string pbs_id(const model::JobRecord& job, std::string_view server);

/// The table of qstat.
std::string qstat_heading();
std::string qstat_line(const model::JobRecord& job, const Surroundings& with);
/// The wider one of qstat -u and -a.
std::string qstat_wide_heading(std::string_view server);
std::string qstat_wide_line(const model::JobRecord& job, const Surroundings& with);
/// All attributes: qstat -f.
std::string qstat_block(const model::JobRecord& job, const Surroundings& with);
/// The same with -F json.
std::string qstat_json(std::span<const model::JobRecord> jobs, const Surroundings& with);

/// Why it waits.
std::string comment_of(const model::JobRecord& job);

/// The exit code as PBS shows it: 256 and the signal of what a signal ended.
int pbs_exit_status(const model::JobRecord& job);

std::string pbsnodes_block(const model::NodeRecord& node);
/// Of pbsnodes -aS.
std::string pbsnodes_heading();
std::string pbsnodes_line(const model::NodeRecord& node);

}  // namespace compat
