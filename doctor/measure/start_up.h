#pragma once
// What ranks of an MPI program do at their start, as those of MPICH do it: by PMI-1, which every
// launcher offers without any library.

#include <cstddef>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace doctor {

/// Tells the others a value, waits for all ranks, and reads that of the next one, as all ranks do
/// at the same time; how long that takes. Once in the life of a rank. errors    unavailable, when a
/// rank does not come; corrupt; invalid without PMI_FD
base::Result<base::Duration> meet_by_pmi(std::size_t rank, std::size_t n_ranks);

}  // namespace doctor
