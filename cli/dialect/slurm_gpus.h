#pragma once
// GPUs as sbatch asks for them, and what goes by their number.

#include "cli/dialect/slurm_values.h"

namespace dialect {

/// --gres=gpu:a100:2,nvme:200
base::Result<void> convert_gres(const request::PlacedOption& one, Translation& out,
                                Together& together);

/// --tres-per-task=cpu:4,gres/gpu:1
base::Result<void> convert_tres(const request::PlacedOption& one, Translation& out,
                                Together& together);

}  // namespace dialect
