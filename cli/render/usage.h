#pragma once
// What a job used of what it had.

#include <string>

#include "cli/render/records.h"
#include "lib/model/record.h"

namespace render {

/// "used 3.1 of 8 cores (39%), 2.1G of 16G (13%), GPUs 41%" without the word "used"; empty: nothing
/// is known. Of a job that has ended.
std::string efficiency_text(const model::JobRecord& job);

/// The same as a line of its own, for who has waited for the job: "job 17 used ...\n".
std::string efficiency_line(const model::JobRecord& job);

/// What to ask for next time; empty: nothing to say.
std::string request_hint(const model::JobRecord& job);

/// What each launch used over time, a line for each of cores, memory, disks and GPUs.
std::string usage_over_time(const model::JobRecord& job, const View& view);

}  // namespace render
