#pragma once
// What is known of MPI in a process from the outside: the library it has loaded, and whether that
// will find its launcher.

#include <optional>
#include <string>
#include <string_view>

#include "lib/model/start_up.h"

namespace mapping {

enum class MpiKind { open_mpi, mpich };  // speak PMIx, and PMI-1; mpich also stands for its kin

struct MpiLibrary {
  MpiKind kind = MpiKind::open_mpi;
  std::string path;

  bool operator==(const MpiLibrary&) const = default;
};

/// From the text of /proc/PID/maps; nullopt: none, or linked statically.
std::optional<MpiLibrary> find_mpi_library(std::string_view maps);

/// What the environment of a process has for its MPI library.
struct MpiEnvironment {
  bool has_pmix = false;  // PMIX_NAMESPACE
  bool has_pmi = false;   // PMI_FD or PMI_PORT
};

/// From the text of /proc/PID/environ.
MpiEnvironment mpi_environment(std::string_view environ);

/// Why a process with that library starts alone, as rank 0 of 1; empty: nothing speaks for it.
/// `has_daemon`: it has started an orted of its own, as Open MPI does then. `offered`: what the
/// step offers its ranks.
std::string why_alone(const MpiLibrary& library, const MpiEnvironment& environment, bool has_daemon,
                      model::StartUp offered);

}  // namespace mapping
