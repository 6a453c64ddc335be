#include "nodeprep/probe/software.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;
using namespace std::string_literals;

namespace {

/// Makes a file with all folders above it.
void write(const fs::path& path, std::string_view text, bool is_program = false) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
  if (is_program) fs::permissions(path, fs::perms::owner_all);
}

}  // namespace

TEST_CASE("a version is two numbers or more with points between them") {
  CHECK(probe::version_in("CUDA Version 10.2.89\n") == "10.2");
  CHECK(probe::version_in("x86_64 5 12.4.") == "12.4");
  CHECK(probe::version_in("4.2.2rc2 (Standard: 4.1)") == "4.2");
  CHECK(probe::version_in("1..2 3.").empty());
  CHECK(probe::version_in("99999999999.1").empty());
  CHECK(probe::version_in("").empty());
}

TEST_CASE("a driver has the first number of the version of its module") {
  CHECK(probe::driver_version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan\n"
                              "GCC version:  gcc version 12.2.0\n") == "570");
  CHECK(probe::driver_version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  "
                              "Release Build\n") == "580");
  CHECK(probe::driver_version("NVRM version: unknown\nGCC version: 12.2.0\n").empty());
  CHECK(probe::driver_version("").empty());
}

TEST_CASE("a toolkit says its version, and its libraries do") {
  CHECK(probe::toolkit_version(R"({"cuda" : {"name" : "CUDA SDK", "version" : "12.4.1"},
                                   "cuda_cudart" : {"version" : "12.3.9"}})") == "12.4");
  CHECK(probe::toolkit_version("CUDA Version 10.2.89") == "10.2");
  CHECK(
      probe::toolkit_version(R"({"cuda" : {"name" : "x"}, "b" : {"version" : "1.2.3"}})").empty());
  CHECK(probe::toolkit_version("").empty());
  CHECK(probe::cudart_version("libcudart.so.13.0.48") == "13.0");
  CHECK(probe::cudart_version("libcudart.so.11.0").empty());
  CHECK(probe::cudart_version("libcudart.so.13").empty());
}

TEST_CASE(
    "kinds of MPI are told by what their libraries and starters are called and have in them") {
  CHECK(probe::open_mpi_version("libmpi.so.40.30.4") == "4.1");
  CHECK(probe::open_mpi_version("libmpi.so.40.40.7") == "5.0");
  CHECK(probe::open_mpi_version("libmpi.so.40").empty());
  CHECK(probe::open_mpi_version("libmpi.so.12.2.2").empty());
  CHECK(probe::mpich_version("\x7f"
                             "ELF\0"
                             "12\0HYDRA\0"
                             "4.0.2\0"
                             "5.0.0\0"s) == "4.0");
  CHECK(probe::mpich_version("4.0.2\0Intel(R) MPI Library\0"s).empty());
  CHECK(probe::mpich_version("2.3.7\0"
                             "1.2\0"s)
            .empty());
  CHECK(probe::pmix_version("a OpenPMIx x\0OpenPMIx 4.2.2rc2 (PMIx Standard: 4.1)\0"s) == "4.2");
  CHECK(probe::pmix_version("PMIx").empty());
}

TEST_CASE("the cache of the dynamic linker has the paths of libraries") {
  const auto cache =
      "glibc-ld.so.cache1.1\0libmpi.so.40\0/lib/libmpi.so.40\0/lib/libmpich.so.12\0"s;
  CHECK(probe::cached_libraries(cache, "libmpi.so.") ==
        std::vector<std::string>{"/lib/libmpi.so.40"});
  CHECK(probe::cached_libraries("", "libmpi.so.").empty());
}

TEST_CASE("a machine has the features of what is installed there") {
  const support::TempFolder root;
  const fs::path top = root.path();
  write(top / "proc/driver/nvidia/version", "NVRM version: Kernel Module  570.86.15\n");
  write(top / "usr/local/cuda-12.4/version.json", R"({"cuda" : {"version" : "12.4.1"}})");
  write(top / "usr/local/cuda-13.0/bin/nvcc", "", true);
  write(top / "usr/local/cuda-11.8/README", "");  // what is left of one that was removed
  fs::create_directory_symlink("cuda-13.0", top / "usr/local/cuda");
  write(top / "lib/libmpi.so.40.30.4", "");
  fs::create_symlink("libmpi.so.40.30.4", top / "lib/libmpi.so.40");
  write(top / "lib/libpmix.so.2", "\0OpenPMIx 4.2.2\0"s);
  write(top / "etc/ld.so.cache", "\0/lib/libmpi.so.40\0/lib/libpmix.so.2\0/lib/libcudart.so.12\0"s);
  write(top / "usr/bin/python3", "", true);
  write(top / "usr/bin/python3.11", "\177ELF...", true);
  write(top / "usr/bin/python3.10", "#!/bin/sh", true);  // a shim
  write(top / "usr/bin/python3.11-config", "", true);
  write(top / "usr/bin/python3.12", "");
  write(top / "opt/bin/mpiexec.hydra",
        "\0"
        "4.0.2\0"s,
        true);
  auto found = probe::software_features(root.path(), "/usr/bin:/opt/bin::/none");
  std::ranges::sort(found);
  CHECK(found == std::vector<std::string>{"cuda-12.4", "cuda-13.0", "mpich-4.0",
                                          "nvidia-driver-570", "openmpi-4.1", "pmix-4.2",
                                          "python-3.11"});
}

TEST_CASE("a machine where nothing is installed has no such features") {
  const support::TempFolder root;
  CHECK(probe::software_features(root.path(), "/bin").empty());
}
