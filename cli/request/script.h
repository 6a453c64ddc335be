#pragma once
// Reading the text of a job script: may it be submitted, and which options do its lines give.

#include <string>
#include <string_view>
#include <vector>

#include "cli/options/option.h"
#include "lib/base/result.h"

namespace request {

struct Directive {
  options::Given given;
  int line = 0;
  std::string text;  // of the line, for messages
};

struct Script {
  std::vector<Directive> sbatch;  // of #SBATCH lines, in order
  std::vector<Directive> submit;  // of #SUBMIT lines; they replace those of #SBATCH lines
  std::vector<std::string> warnings;
};

/// Finds the directives before the first command. `#SBATCH` has sbatch's rules: late ones are left
/// out, with a warning. A late `#SUBMIT` is an error.
///
/// name      of the file, begins messages
/// errors    invalid, all with the line where there is one: empty, no `#!` line, NUL bytes, CRLF
/// line
///           ends, a directive that is unknown or malformed
base::Result<Script> read_script(std::string_view text, std::string_view name);

}  // namespace request
