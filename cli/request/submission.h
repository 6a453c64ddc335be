#pragma once
// Making a job of a command line, a script and the place where submit was typed. Pure: what exists
// on the disk is checked by the caller.

#include <optional>
#include <string>
#include <vector>

#include "cli/options/option.h"
#include "cli/request/table.h"
#include "lib/base/result.h"
#include "lib/model/job.h"

namespace request {

/// Where and by whom submit is run.
struct Surroundings {
  std::string directory;  // absolute
  model::Environment environment;
  base::Time now;
  std::string host;
};

/// A script or a job file that was read: `name` as the user wrote it, "-" for standard input.
struct ScriptFile {
  std::string name;
  std::string text;
};

/// What a script or a job file says, in options of submit.
struct FileContents {
  std::string name;  // of the file; empty: there is none
  model::Dialect dialect = model::Dialect::native;
  std::vector<PlacedOption> options;  // those that win behind the others
  model::Environment environment;     // in place of variables of the same name
  std::vector<std::string> warnings;  // of what may be a mistake
  std::vector<std::string> notes;     // of what is not done of what was asked for
  std::optional<ScriptFile> script;
  std::vector<std::string> command;
};

/// An option that holds for a submission, and where it was said.
struct Origin {
  std::string option;  // "--nodes"
  std::string value;   // empty of a flag
  std::string place;   // "command line", "job.toml:7:8", "t.sh: line 3: '#SUBMIT -N 2'"

  bool operator==(const Origin&) const = default;
};

struct Submission {
  model::JobSpec spec;  // all but its token
  bool wait = false;
  bool parsable = false;
  bool test_only = false;
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
  std::vector<Origin> origins;  // in the order of the manual
};

/// What is to be read before a submission can be made.
enum class Source { file, standard_input, wrapped, command };

/// errors: invalid when the words fit no form of submit: a script and --wrap, no script at all
base::Result<Source> source_of(const options::Parsed& line, bool input_is_terminal);

/// Options without those that what others say of roles replaces: all of them, or roles by --mode.
std::vector<PlacedOption> without_replaced_roles(std::vector<PlacedOption> options,
                                                 const std::vector<options::Given>& others);

/// Defaults, then what the file says, then the command line; the last one given wins.
///
/// line      the command line; `rest` begins with the script's name where there is a `script`
/// file      that of a job file without a script has a name all the same; empty for --wrap and for
///           a command
/// errors    invalid: with file and line for mistakes in the file
base::Result<Submission> make_submission(const options::Parsed& line, FileContents file,
                                         const Surroundings& surroundings);

}  // namespace request
