#pragma once
// What jobs may ask for by --constraint, beside what the configuration says: facts of the machine.

#include <string>
#include <vector>

namespace probe {

/// Names in order: runtimes of containers that are in PATH (bubblewrap, charliecloud, apptainer,
/// podman), the system ("debian-12") and its kernel ("linux-6.1"), what its processors know
/// beyond the usual ("avx2", "avx512f"), and what software.h and network.h find.
std::vector<std::string> find_features(const std::string& kernel);

/// Of the text of os-release(5): "debian-12"; empty: it does not say.
std::string system_feature(const std::string& os_release);

/// Of the text of /proc/cpuinfo.
std::vector<std::string> processor_features(const std::string& cpuinfo);

}  // namespace probe
