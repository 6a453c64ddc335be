#pragma once
// Values of sbatch's options that submit writes in another way.

#include <optional>
#include <string>

#include "cli/dialect/translation.h"

namespace dialect {

/// Options that mean something only with others, which may follow them.
struct Together {
  std::optional<request::PlacedOption> gpus;
  std::optional<request::PlacedOption> gpus_per_node;  // or of --gres
  std::optional<request::PlacedOption> gpus_per_task;
  std::optional<request::PlacedOption> gpus_per_socket;
  std::optional<request::PlacedOption> cpus_per_gpu;
  std::optional<request::PlacedOption> mem_per_gpu;
  std::optional<request::PlacedOption> ntasks_per_gpu;
  std::optional<request::PlacedOption> sockets;
  std::optional<request::PlacedOption> no_memory_limit;  // --mem=0 or --mem-per-cpu=0
};

/// One option that slurm.def has as converted.
base::Result<void> convert(const request::PlacedOption& one, Translation& out, Together& together);

/// What is left when all options are known.
base::Result<void> convert(const Together& together, Translation& out);

/// As Slurm's variables have it: mebibytes without a unit. Of what is no size as it is written.
std::string mebibytes_of(const std::string& size);

}  // namespace dialect
