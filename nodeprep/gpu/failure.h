#pragma once
// What all calls of muster-gpucheck throw that fail: none of them is to be gone on from, and there
// are many.

#include <stdexcept>

namespace gpucheck {

/// "cudaMalloc: CUDA says: out of memory (cudaErrorMemoryAllocation)".
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace gpucheck
