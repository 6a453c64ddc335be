// hold: keeps jobs from starting.

#include <array>

#include "cli/act.h"
#include "cli/verb.h"

namespace cli {

namespace {

constexpr std::array hold_table{dir_option, help_option};

Outcome hold(const options::Parsed& line) {
  return act_on_jobs(line, "hold");
}

}  // namespace

constinit const Verb hold_verb{"hold",
                               "[OPTIONS] ID|last...",
                               "Keep waiting jobs from starting.",
                               "",
                               [] { return std::span<const options::Option>(hold_table); },
                               options::Operands::anywhere,
                               hold};

}  // namespace cli
