#pragma once
// What is installed on a node that programs of jobs are built for, as far as small files and the
// names of files tell: nothing is run.

#include <string>
#include <string_view>
#include <vector>

namespace probe {

/// "nvidia-driver-570", "cuda-13.0", "openmpi-4.1", "mpich-4.0", "pmix-4.2", "python-3.11": of what
/// is below `root`. Programs are looked for in the folders of `path`, which is as PATH.
std::vector<std::string> software_features(const std::string& root, const std::string& path);

/// The first two numbers of the first version in the text: "13.0" of "CUDA Version 13.0.48". A
/// version is two numbers or more with points between them. Empty, as below: there is none.
std::string version_in(std::string_view text);

/// Of /proc/driver/nvidia/version: "570".
std::string driver_version(std::string_view text);

/// Of the version.json of a CUDA toolkit, or of the version.txt of old ones: "13.0".
std::string toolkit_version(std::string_view text);

/// Of the file that a library's links lead to: "13.0" of "libcudart.so.13.0.48". One that says less
/// has no version.
std::string cudart_version(std::string_view file);

/// Likewise "4.1" of "libmpi.so.40.30.4": releases of Open MPI are known by their interfaces.
std::string open_mpi_version(std::string_view file);

/// Of the bytes of libpmix: "4.2" of those with "OpenPMIx 4.2.2 (...)".
std::string pmix_version(std::string_view library);

/// Of the bytes of MPICH's mpiexec.hydra: "4.0" where the first text that is nothing but a version
/// of three numbers is "4.0.2". Programs of that name of others have none.
std::string mpich_version(std::string_view program);

/// The files that the cache of the dynamic linker knows whose names begin with `library`.
std::vector<std::string> cached_libraries(std::string_view cache, std::string_view library);

}  // namespace probe
