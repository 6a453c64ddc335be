#pragma once
// What the end of a rank means for its step.

#include <cstddef>
#include <optional>
#include <vector>

#include "lib/model/outcome.h"

namespace mapping {

/// What is known of one rank of this node.
struct RankLife {
  bool connected = false;  // called PMIx_Init (inside MPI_Init)
  bool finalized = false;  // called PMIx_Finalize (inside MPI_Finalize), and did not connect again
  bool ended = false;
  int code = 0;                // of exit()
  int signal = 0;              // that killed it
  bool out_of_memory = false;  // the kernel killed it or a process of it for lack of memory

  bool operator==(const RankLife&) const = default;
};

/// Highest exit code of ranks that ended by themselves, 128 + signal for killed ones.
int exit_code_of(const std::vector<RankLife>& ranks);

/// How a rank that has ended failed: cause and code only; nullopt for success.
std::optional<model::Failure> judge_end(const RankLife& rank);

/// Whether such a failure leaves the others of a step that keeps going as they are: the rank ended
/// by itself or was killed, and was in no MPI whose other ranks would wait for it.
bool is_own_affair(const RankLife& rank, const model::Failure& failure);

/// Whether a rank is in MPI, where it waits for the others at first.
bool is_waiting(const RankLife& rank);

/// A rank (by place) that ended without MPI_Init, and well; of a step that keeps going, however.
std::optional<std::size_t> find_done_without_mpi(const std::vector<RankLife>& ranks,
                                                 bool keeps_going);

/// Such a rank (by place) while another waits in MPI_Init: nobody will ever answer that one.
std::optional<std::size_t> find_absent(const std::vector<RankLife>& ranks, bool keeps_going);

}  // namespace mapping
