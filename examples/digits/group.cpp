#include "examples/digits/group.h"

#include <fmt/format.h>
#include <mpi.h>

#include <cstdlib>

#include "lib/base/text.h"

namespace digits {

Group::Group(int& argc, char**& argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

Group::~Group() {
  MPI_Finalize();
}

base::Result<void> Group::check_size() const {
  const char* text = std::getenv("MUSTER_NTASKS");
  const auto tasks = text == nullptr ? std::nullopt : base::parse_int(text, 1, 1 << 24);
  if (tasks && size_ == 1 && *tasks > 1) {
    return base::fail(
        base::Code::unavailable,
        fmt::format("MPI sees 1 rank where Muster has {} tasks: this process came up "
                    "alone; start it by 'muster run digits', with an MPI library that "
                    "speaks PMIx",
                    *tasks));
  }
  return {};
}

void Group::broadcast(std::span<std::byte> bytes) const {
  MPI_Bcast(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, 0, MPI_COMM_WORLD);
}

bool Group::all(bool yes) const {
  int mine = yes ? 1 : 0;
  int least = 0;
  MPI_Allreduce(&mine, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return least == 1;
}

void Group::abort(int status) const {
  MPI_Abort(MPI_COMM_WORLD, status);
  std::abort();
}

}  // namespace digits
