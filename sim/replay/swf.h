#pragma once
// The Standard Workload Format (Chapin et al., JSSPP 1999): 18 numbers a line, comments begin with
// ';'. muster-simulate(1) says which fields count.

#include <string>
#include <string_view>

#include "sim/replay/log.h"
#include "sim/replay/run.h"

namespace replay {

/// errors: invalid, with the line
base::Result<Log> read_swf(std::string_view text, const Reading& reading);

/// The job's fields where the log was not in SWF; times rounded down to seconds.
std::string swf_row(const Job& job);

/// The schedule as a log: every line as it was read, but for the wait, its field 3. `title` says in
/// a comment what made it.
std::string write_schedule(const Log& log, const Result& result, std::string_view title);

}  // namespace replay
