#pragma once
// Reading the text of a job script: may it be submitted, whose words is it in, and which options do
// its lines give.

#include <string>
#include <string_view>
#include <vector>

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "lib/model/dialect.h"

namespace dialect {

/// Whose directives count.
enum class Reading {
  by_content,  // #SUBMIT lines over #SBATCH lines; else #SBATCH lines; else #PBS lines
  slurm,       // #SBATCH lines alone, as sbatch reads them
  pbs,         // #PBS lines alone, as qsub does
};

struct Directive {
  options::Given given;
  int line = 0;
  std::string text;  // of the line, for messages
};

struct Script {
  model::Dialect dialect = model::Dialect::native;
  std::vector<Directive> sbatch;  // of #SBATCH lines, in order, with the ids of slurm.def
  std::vector<Directive> submit;  // of #SUBMIT lines; they replace those of #SBATCH lines
  std::vector<Directive> pbs;     // of #PBS lines, with the ids of pbs.def
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

/// Finds the directives before the first command. Late ones of other schedulers are left out, with
/// a warning, as those schedulers do; a late `#SUBMIT` is an error.
///
/// name      of the file, begins messages
/// errors    invalid, all with the line where there is one: empty, no `#!` line (only PBS does
///           without), NUL bytes, CRLF line ends, a directive that is unknown or malformed
base::Result<Script> read_script(std::string_view text, std::string_view name,
                                 Reading reading = Reading::by_content);

}  // namespace dialect
