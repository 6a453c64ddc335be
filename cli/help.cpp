// help: what there is.

#include <fmt/format.h>

#include <array>

#include "cli/terminal.h"
#include "cli/verb.h"
#include "lib/base/text.h"

namespace cli {

namespace {

constexpr std::array help_table{help_option};

Outcome help(const options::Parsed& line) {
  if (line.rest.empty()) {
    print(overview());
    return exit_done;
  }
  const auto* verb = find_verb(line.rest.front());
  if (verb == nullptr) {
    return misuse(fmt::format("unknown command '{}'", base::printable(line.rest.front())));
  }
  print(help_of(*verb));
  return exit_done;
}

}  // namespace

constinit const Verb help_verb{"help",
                               "[COMMAND]",
                               "List the commands, or explain one.",
                               "",
                               [] { return std::span<const options::Option>(help_table); },
                               options::Operands::anywhere,
                               help};

}  // namespace cli
