#pragma once
// Parts of nodes as PBS asks for them: "2:ncpus=8:mpiprocs=4+1:ncpus=16", "n1:ppn=4".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/dialect/translation.h"

namespace dialect {

/// So many parts of nodes that are alike.
struct PbsChunk {
  std::int64_t count = 1;
  std::int64_t cores = 1;
  std::int64_t tasks = 1;  // of MPI
  std::int64_t gpus = 0;
  std::optional<std::uint64_t> memory;  // bytes

  bool operator==(const PbsChunk&) const = default;
};

struct PbsChunks {
  std::vector<PbsChunk> chunks;
  std::vector<std::string> hosts;       // that are named
  std::optional<std::int64_t> threads;  // for OpenMP
  std::vector<std::string> unknown;     // parts that mean nothing here
  bool has_cores = false;               // their number is given
  bool is_exclusive = false;
};

/// errors: invalid: the part that is wrong
base::Result<PbsChunks> select_from_text(std::string_view text);
/// Torque's nodes=.
base::Result<PbsChunks> nodes_from_text(std::string_view text);

}  // namespace dialect
