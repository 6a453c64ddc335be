#pragma once
// Loads muster-pmix.so, when it is there.

#include <string>

#include "launcher/pmix/server.h"
#include "lib/base/result.h"

namespace exec {

/// Path of the module for programs in `folder`: beside them, or in ../lib/muster; empty when it was
/// not built. Then steps run without PMIx.
std::string find_pmix_module(const std::string& folder);

/// Loads the module and starts its server, which lives as long as this process.
base::Result<pmix::Server*> open_pmix(const std::string& module, const pmix::Setup& setup,
                                      const pmix::Events& events);

}  // namespace exec
