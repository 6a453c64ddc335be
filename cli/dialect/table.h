#pragma once
// The rows of slurm.def and pbs.def: what the options of other schedulers are called here, and what
// becomes of each.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/options/option.h"
#include "cli/request/table.h"
#include "lib/model/dialect.h"

namespace dialect {

enum class SlurmId {
#define ROW(id, ...) id,
#define SAME ROW
#define CONVERTED ROW
#define NOTED ROW
#define REFUSED ROW
#define OWN ROW
#define ALIAS(id, name)
#include "cli/dialect/slurm.def"
#undef SAME
#undef CONVERTED
#undef NOTED
#undef REFUSED
#undef OWN
#undef ALIAS
};

enum class PbsId {
#define SAME ROW
#define CONVERTED ROW
#define NOTED ROW
#define REFUSED ROW
#define OWN ROW
#include "cli/dialect/pbs.def"
#undef SAME
#undef CONVERTED
#undef NOTED
#undef REFUSED
#undef OWN
#undef ROW
};

/// What becomes of an option of another scheduler.
enum class Status {
  same,       // the option of submit, with the same value
  converted,  // options of submit that mean the same
  noted,      // accepted; the user is told what is not done
  refused,    // and the user is told why
  own,        // of the command line of sbatch or qsub alone
};

struct Row {
  int id = 0;
  Status status = Status::own;
  std::string_view name;  // empty: it has a letter alone
  char letter = 0;
  std::string_view placeholder;             // as of options::Option
  std::optional<request::OptionId> native;  // of what is the same
  std::string_view input;                   // variable that is read in its place
  std::string_view output;                  // variable of the job that repeats the value
  std::string_view text;                    // why, how, what is not done; of a further name empty
};

/// The options of a scheduler, in the order of its manual.
std::span<const Row> rows(model::Dialect dialect);
/// The first row of an option, which has all of it.
const Row& row(model::Dialect dialect, int id);
/// The same for reading words.
std::span<const options::Option> options_of(model::Dialect dialect);

/// "--nodes", "-l".
std::string spelling(const Row& row);

}  // namespace dialect
