#pragma once
// Which networks Open MPI may look for on this machine.

#include <string>

namespace exec {

/// The value of Open MPI's parameter `pml` for ranks on this machine. Empty, to be left alone, when
/// there is a network with a library of its own (InfiniBand, Omni-Path, Slingshot, EFA), or when
/// the parameter files of the user or the site choose one.
///
/// home   the user's; may be empty
std::string open_mpi_pml(const std::string& home);

}  // namespace exec
