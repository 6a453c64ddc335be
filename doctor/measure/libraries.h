#pragma once
// Libraries that ranks would load, asked in processes of their own: what they do when they are
// loaded stays there.

#include <map>
#include <string>

namespace doctor {

/// Versions of PMIx, Open MPI and MPICH as they call themselves, of those that the loader finds.
std::map<std::string, std::string> library_versions();

/// As NVIDIA's management library counts them; 0 without it.
int count_gpus();

}  // namespace doctor
