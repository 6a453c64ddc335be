#pragma once
// The networks of this machine: those that Open MPI may look for, and the one of an address.

#include <string>

namespace exec {

/// The value of Open MPI's parameter `pml` for ranks on this machine. Empty, to be left alone, when
/// there is a network with a library of its own (InfiniBand, Omni-Path, Slingshot, EFA), or when
/// the parameter files of the user or the site choose one.
///
/// home   the user's; may be empty
std::string open_mpi_pml(const std::string& home);

/// The name of the interface that has this address; empty: none has.
std::string interface_of(const std::string& address);

}  // namespace exec
