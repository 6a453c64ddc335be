// cancel: ends jobs.

#include <array>

#include "cli/act.h"
#include "cli/verb.h"

namespace cli {

namespace {

constexpr std::array cancel_table{dir_option, help_option};

Outcome cancel(const options::Parsed& line) {
  return act_on_jobs(line, "cancel");
}

}  // namespace

constinit const Verb cancel_verb{"cancel",
                                 "[OPTIONS] ID|last...",
                                 "Cancel jobs.",
                                 "ID_INDEX is a task of an array, ID_[LIST] several of them. A "
                                 "waiting job ends at once. The processes of a running one get "
                                 "TERM and, after the cluster's grace time, KILL.",
                                 [] { return std::span<const options::Option>(cancel_table); },
                                 options::Operands::anywhere,
                                 cancel};

}  // namespace cli
