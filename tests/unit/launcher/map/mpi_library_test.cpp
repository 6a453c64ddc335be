#include "launcher/map/mpi_library.h"

#include "tests/support/catch.h"

using mapping::find_mpi_library;
using mapping::MpiKind;
using mapping::MpiLibrary;
using mapping::why_alone;
using model::StartUp;

namespace {

std::string maps_with(std::string_view path) {
  return "55d3643 r-xp 00000000 08:01 12 /usr/bin/sleep\n"
         "7f6d867 rw-p 00000000 00:00 0\n"
         "7f6d873 r--p 00000000 08:01 99                         " +
         std::string(path) + "\n7ffca5f rw-p 00000000 00:00 0      [stack]\n";
}

}  // namespace

TEST_CASE("an MPI library is known by the name of its file") {
  CHECK(find_mpi_library(maps_with("/usr/lib/libmpi.so.40.30.4")) ==
        MpiLibrary{MpiKind::open_mpi, "/usr/lib/libmpi.so.40.30.4"});
  CHECK(find_mpi_library(maps_with("/opt/a b/libmpich.so.12.2.2")) ==
        MpiLibrary{MpiKind::mpich, "/opt/a b/libmpich.so.12.2.2"});
  CHECK(find_mpi_library(maps_with("/opt/intel/libmpi.so.12")) ==
        MpiLibrary{MpiKind::mpich, "/opt/intel/libmpi.so.12"});
  CHECK_FALSE(find_mpi_library(maps_with("/usr/lib/libmpi_cxx.so.40")));
  CHECK_FALSE(find_mpi_library(maps_with("/usr/lib/libpmix.so.2")));
  CHECK_FALSE(find_mpi_library(""));
}

TEST_CASE("a program starts alone without the variables of its library's protocol") {
  const MpiLibrary open_mpi{MpiKind::open_mpi, "/l"};
  const MpiLibrary mpich{MpiKind::mpich, "/l"};
  using namespace std::string_view_literals;
  const auto pmix = mapping::mpi_environment("A=1\0PMIX_NAMESPACE=muster\0PMIX_RANK=0\0"sv);
  const auto pmi = mapping::mpi_environment("PMI_FD=7\0"sv);
  const auto none = mapping::mpi_environment("MY_PMIX_NAMESPACE=x\0PMI_FDX=1\0"sv);
  CHECK(why_alone(open_mpi, pmix, false, StartUp::all).empty());
  CHECK(why_alone(mpich, pmi, false, StartUp::all).empty());
  CHECK(why_alone(open_mpi, pmi, false, StartUp::all)
            .starts_with("PMIX_NAMESPACE is not in its environment"));
  CHECK(
      why_alone(mpich, pmix, false, StartUp::all).starts_with("PMI_FD is not in its environment"));
  CHECK_FALSE(why_alone(open_mpi, none, false, StartUp::all).empty());
  CHECK_FALSE(why_alone(mpich, none, false, StartUp::all).empty());
  CHECK(why_alone(open_mpi, pmix, true, StartUp::all)
            .starts_with("it has started an orted of its own"));
  CHECK(why_alone(mpich, pmi, true, StartUp::all).empty());
  CHECK(why_alone(open_mpi, none, false, StartUp::none) ==
        "the step was started with --mpi=none, and Open MPI needs pmix: leave the option out");
  CHECK(why_alone(mpich, none, false, StartUp::pmix).contains("MPICH and its kin need pmi1"));
  CHECK(why_alone(mpich, pmi, false, StartUp::pmi1).empty());
}
