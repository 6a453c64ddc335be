#pragma once
// Names of nodes that are slices of one machine: nobody but Muster knows them, and scripts that
// came from other schedulers look up the address of their first node by its name.

#include "launcher/exec/launch.h"

namespace exec {

/// Has such names stand for addresses of this machine's loopback in the launch, by a hosts(5) file
/// that only it sees, and gives it that of its node as its host name, by which programs find out
/// which of several they are on. The names of machines resolve without it, and native scripts have
/// MUSTER_NODE_ADDRESS. Needs root's rights; without them nothing is done.
///
/// errors    denied, io
base::Result<void> name_nodes(const Launch& launch);

}  // namespace exec
