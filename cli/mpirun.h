#pragma once
// What mpirun and mpiexec are inside a job.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/problem.h"

namespace cli {

/// Sets what the starter was told to set in the environment, and returns the words for `muster
/// run`. Prints notes of what an option does not do.
Try<std::vector<std::string>> words_for_run(std::string_view starter,
                                            std::span<const std::string> words);

/// For `muster run`: the words of ssh or rsh, with which the starters of MPI libraries start their
/// daemons on the other nodes of a job; options of these are skipped.
///
/// words     [OPTIONS] NODE COMMAND..., as a shell on that node is to have it
Try<std::vector<std::string>> words_for_shell(std::span<const std::string> words);

/// "mpirun --help".
std::string mpi_help(std::string_view starter);

}  // namespace cli
