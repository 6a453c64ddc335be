#pragma once
// The work on a GPU: each starts it on a stream and returns what the start came to. C++17, as nvcc
// compiles it.

#include <cuda_runtime_api.h>

#include <cstdint>

#include "nodeprep/gpu/patterns.h"

namespace gpucheck {

/// In the GPU's memory, added to by all threads that find something.
struct Mismatches {
  unsigned long long count;
  unsigned long long first;  // the lowest place; all ones: none
};

/// Words from the place `base` on.
struct Block {
  std::uint64_t* words;
  std::uint64_t count;
  std::uint64_t base;
};

cudaError_t start_fill(Block block, Pattern pattern, std::uint64_t turn, cudaStream_t stream);
cudaError_t start_verify(Block block, Pattern pattern, std::uint64_t turn, Mismatches* mismatches,
                         cudaStream_t stream);

/// Square matrices of n times n, n a multiple of 32, row by row.
cudaError_t start_fill_matrix(float* matrix, unsigned n, std::uint64_t which, cudaStream_t stream);
/// product = left * right, by tiles in shared memory.
cudaError_t start_multiply(const float* left, const float* right, float* product, unsigned n,
                           cudaStream_t stream);
/// Compares bits.
cudaError_t start_compare(const float* found, const float* expected, std::uint64_t count,
                          Mismatches* mismatches, cudaStream_t stream);

cudaError_t start_fill_part(float* numbers, std::uint64_t count, std::uint64_t rank,
                            cudaStream_t stream);
cudaError_t start_verify_sum(const float* numbers, std::uint64_t count, std::uint64_t n_ranks,
                             Mismatches* mismatches, cudaStream_t stream);

}  // namespace gpucheck
