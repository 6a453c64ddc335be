#pragma once
// The parts of the manual pages that are made from the tables of options.

#include <span>
#include <string>

#include "cli/options/option.h"

namespace cli {

/// The options as a list in mdoc.
std::string manual_options(std::span<const options::Option> table);

/// COMMANDS of muster(1): every command with its options; submit and those that all share are left
/// to their own places.
std::string manual_commands();

/// The options of mpirun and mpiexec inside a job.
std::string manual_mpi_options();

}  // namespace cli
