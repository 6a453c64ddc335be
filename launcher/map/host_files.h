#pragma once
// Lists of a job's nodes in the forms that starters of MPI libraries read.

#include <string>

#include "lib/model/layout.h"

namespace mapping {

/// "n1 slots=2", a line for each node, with the tasks of the job there.
///
/// source    man 1 mpirun of Open MPI, Host Files
std::string open_mpi_hosts(const model::Allocation& allocation);

/// "n1:2", the same for mpiexec.hydra of MPICH and Intel MPI.
///
/// source    MPICH, Using the Hydra Process Manager, Environment Settings
std::string hydra_hosts(const model::Allocation& allocation);

}  // namespace mapping
