#include "cli/mpirun.h"

#include <fmt/format.h>

#include <cstdlib>

#include "cli/options/option.h"
#include "cli/request/mpi_command.h"
#include "cli/request/shell_words.h"
#include "cli/terminal.h"
#include "lib/base/text.h"

namespace cli {

namespace {

/// Daemons of Open MPI on nodes that share a machine do not know that they do: they would write
/// into one folder, and their ranks use each other's shared memory and leave out loopback, where
/// alone they meet.
std::string keep_nodes_apart(const std::string& command) {
  if (variable("MUSTER_NODE_ADDRESS") == "127.0.0.1") {
    (void)::setenv("OMPI_MCA_btl", "tcp,self", 0);
    (void)::setenv("OMPI_MCA_btl_tcp_if_include", "lo", 0);
  }
  return "export TMPDIR=$MUSTER_STEP_DIR; " + command;
}

}  // namespace

Try<std::vector<std::string>> words_for_run(std::string_view starter,
                                            std::span<const std::string> words) {
  auto command = request::read_mpi_command(words);
  if (!command) return misuse(command.error().text);
  for (const auto& note : command->notes) print_error(fmt::format("{}: {}\n", starter, note));
  for (const auto& name : command->passed_on) {
    if (variable(name.c_str())) continue;
    print_error(fmt::format("{}: {} is not set here, so the ranks do not have it\n", starter,
                            base::printable(name)));
  }
  for (const auto& [name, value] : command->environment) {
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) {
      return misuse(fmt::format("'{}' is no name of a variable", base::printable(name)));
    }
  }
  return std::move(command->run);
}

Try<std::vector<std::string>> words_for_shell(std::span<const std::string> words) {
  auto shell = request::read_shell_words(words);
  if (!shell) return misuse(shell.error().text);
  const auto cores = request::cores_of_node(shell->node, variable("MUSTER_NODELIST").value_or(""),
                                            variable("MUSTER_JOB_CPUS_PER_NODE").value_or(""));
  if (!cores) return misuse(cores.error().text);
  return std::vector<std::string>{
      "--nodelist", shell->node, "--ntasks=1", fmt::format("--cpus-per-task={}", *cores),
      "--mpi=none", "/bin/sh",   "-c",         keep_nodes_apart(shell->command)};
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
