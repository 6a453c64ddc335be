#include "cli/mpirun.h"

#include <fmt/format.h>

#include <cstdlib>

#include "cli/options/option.h"
#include "cli/request/mpi_command.h"
#include "cli/terminal.h"
#include "lib/base/text.h"

namespace cli {

Try<std::vector<std::string>> words_for_run(std::string_view starter,
                                            std::span<const std::string> words) {
  auto command = request::read_mpi_command(words);
  if (!command) return misuse(command.error().text);
  for (const auto& note : command->notes) print_error(fmt::format("{}: {}\n", starter, note));
  for (const auto& [name, value] : command->environment) {
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) {
      return misuse(fmt::format("'{}' is no name of a variable", base::printable(name)));
    }
  }
  return std::move(command->run);
}

std::string mpi_help(std::string_view starter) {
  auto text = fmt::format("usage: {} [OPTIONS] PROGRAM [ARGUMENTS]\n\n", starter);
  text += options::wrap(
      "Inside a job of Muster: starts PROGRAM on the nodes, cores and GPUs of the job with muster "
      "run. It takes these options of the starters of Open MPI, MPICH and HPE PALS, each with one "
      "dash or two.",
      0, 80);
  text += "\nOptions:\n";
  for (const auto& option : request::mpi_options()) {
    std::vector<std::string> names;
    for (const auto name : base::split(option.names, ' '))
      names.push_back(fmt::format("-{}", name));
    text += fmt::format("  {} {}\n", base::join(names, ", "), option.placeholder);
    text += options::wrap(option.help, 26, 80);
  }
  return text + "\nMore: muster-mpirun(1), muster run --help.\n";
}

}  // namespace cli
