#pragma once
// A job file: a submission in TOML, whose keys are the long names of submit's options.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/request/table.h"
#include "lib/base/result.h"
#include "lib/model/job.h"

namespace request {

struct JobFile {
  std::vector<PlacedOption> options;  // as on the command line, but `written` is the key
  model::Environment environment;     // [env]
  std::optional<std::string> script;  // its text
  std::vector<std::string> command;
};

/// By its name, "NAME.toml".
bool is_job_file(std::string_view name);

/// Only what the file is made of is checked here; what options accept is with their values.
///
/// name      of the file, begins messages
/// errors    invalid, "NAME:LINE:COLUMN: ...": no TOML, an unknown key, with the nearest known one,
///           a value of another type, a script and a command
base::Result<JobFile> read_job_file(std::string_view text, std::string_view name);

}  // namespace request
