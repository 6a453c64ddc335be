#pragma once
// Submissions in the words of whoever wrote the script: read by its dialect, and made as those of
// submit are.

#include <optional>
#include <vector>

#include "cli/dialect/script.h"
#include "cli/dialect/translation.h"
#include "cli/request/submission.h"

namespace dialect {

/// As submit makes it: a script in any dialect, a job file, or neither; the last one given wins.
/// errors: as of read_script, the translations and request::make_submission
base::Result<request::Submission> make_submission(const options::Parsed& line,
                                                  const std::optional<request::ScriptFile>& script,
                                                  const request::Surroundings& surroundings);

/// What sbatch or qsub was called with: `line` by the table of its options.
struct ForeignLine {
  model::Dialect dialect;
  options::Parsed line;
};

/// Whether what it was called with makes sense, before a script is waited for on standard input.
base::Result<void> check_options(const ForeignLine& foreign,
                                 const request::Surroundings& surroundings);

/// As sbatch or qsub makes it, which read directives of their own alone. Those of sbatch are
/// followed by variables such as SBATCH_TIMELIMIT, those by the command line.
///
/// script    absent for --wrap and for a command
base::Result<request::Submission> make_submission(const ForeignLine& foreign,
                                                  const std::optional<request::ScriptFile>& script,
                                                  const request::Surroundings& surroundings);

}  // namespace dialect
