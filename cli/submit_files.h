#pragma once
// What submit reads and checks on this machine before anything is asked of the cluster.

#include <optional>
#include <string>
#include <vector>

#include "cli/problem.h"
#include "cli/request/submission.h"
#include "lib/model/job.h"

namespace cli {

/// The script named on the command line: as a path, in the present directory, or in PATH. "-" is
/// standard input.
Try<request::ScriptFile> read_script_file(const std::string& name);

/// Makes the folders of output files that are not there, as scripts of other schedulers mostly need
/// them. Returns which.
Try<std::vector<std::string>> make_output_folders(const model::JobSpec& spec);

/// The job's directory must be there, and its output files must be possible.
Try<void> check_places(const model::JobSpec& spec);

}  // namespace cli
