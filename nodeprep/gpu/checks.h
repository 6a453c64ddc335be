#pragma once
// The checks of one GPU, which is the one in use. errors    of all: Failure

#include "lib/model/gpu_check.h"

namespace gpucheck {

struct Effort {
  double memory_part = 0.9;  // of what is free
  double seconds = 10;       // for its patterns
};

/// Writes each pattern to all of it and reads it back, until the time is over, at least once.
void check_memory(const Effort& effort, model::GpuCheck& gpu);

/// Products of matrices: each like the first one, and that like what this machine makes of it.
void check_product(model::GpuCheck& gpu);

/// Copies to it, from it and within it.
void check_copies(model::GpuCheck& gpu);

}  // namespace gpucheck
