// release: lets held jobs start.

#include <array>

#include "cli/act.h"
#include "cli/verb.h"

namespace cli {

namespace {

constexpr std::array release_table{dir_option, help_option};

Outcome release(const options::Parsed& line) {
  return act_on_jobs(line, "release");
}

}  // namespace

constinit const Verb release_verb{"release",
                                  "[OPTIONS] ID|last...",
                                  "Let held jobs start.",
                                  "",
                                  [] { return std::span<const options::Option>(release_table); },
                                  options::Operands::anywhere,
                                  release};

}  // namespace cli
