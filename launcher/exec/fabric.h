#pragma once
// Which networks Open MPI may look for. Looking for hardware that is not there costs each rank 200
// ms.

namespace exec {

/// True when this machine has a network with a library of its own (InfiniBand, Omni-Path,
/// Slingshot, EFA), or when the user's or the site's parameter files of Open MPI choose one.
bool has_fabric(const char* home);

}  // namespace exec
