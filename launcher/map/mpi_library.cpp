#include "launcher/map/mpi_library.h"

#include "lib/base/text.h"

namespace mapping {

namespace {

/// The kind of MPI that a file of this name is the library of. libmpi.so.12 is that of the common
/// ABI of MPICH, Intel MPI and others.
std::optional<MpiKind> kind_of(std::string_view name) {
  if (name.starts_with("libmpich") || name.starts_with("libmpi.so.12")) return MpiKind::mpich;
  if (name.starts_with("libmpi.so.")) return MpiKind::open_mpi;
  return std::nullopt;
}

}  // namespace

std::optional<MpiLibrary> find_mpi_library(std::string_view maps) {
  for (const auto line : base::split(maps, '\n')) {
    const auto slash = line.find('/');
    if (slash == std::string_view::npos) continue;
    const auto path = line.substr(slash);
    if (const auto kind = kind_of(path.substr(path.rfind('/') + 1)))
      return MpiLibrary{*kind, std::string(path)};
  }
  return std::nullopt;
}

MpiEnvironment mpi_environment(std::string_view environ) {
  MpiEnvironment found;
  for (const auto variable : base::split(environ, '\0')) {
    found.has_pmix = found.has_pmix || variable.starts_with("PMIX_NAMESPACE=");
    found.has_pmi =
        found.has_pmi || variable.starts_with("PMI_FD=") || variable.starts_with("PMI_PORT=");
  }
  return found;
}

std::string why_alone(const MpiLibrary& library, const MpiEnvironment& environment, bool has_daemon,
                      model::StartUp offered) {
  const bool is_open_mpi = library.kind == MpiKind::open_mpi;
  if (is_open_mpi ? !model::offers_pmix(offered) : !model::offers_pmi1(offered)) {
    return "the step was started with --mpi=" + std::string(to_text(offered)) + ", and " +
           (is_open_mpi ? "Open MPI needs pmix" : "MPICH and its kin need pmi1") +
           ": leave the option out";
  }
  if (is_open_mpi ? !environment.has_pmix : !environment.has_pmi) {
    return std::string(is_open_mpi ? "PMIX_NAMESPACE" : "PMI_FD") +
           " is not in its environment: something between 'muster run' and the program clears it "
           "(env -i, sudo, a container)";
  }
  if (is_open_mpi && has_daemon) {
    return "it has started an orted of its own, though PMIX_NAMESPACE is in its environment: look "
           "for OMPI_MCA_ variables and openmpi-mca-params.conf files that choose ess, schizo or "
           "pmix components";
  }
  return {};
}

}  // namespace mapping
