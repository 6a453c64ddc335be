#pragma once
// The gradient on a GPU. Plain C++17 without the rest of the tree, as nvcc compiles it.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace digits {

/// Device memory of one rank. `hidden`, `back`, `error` and `loss` have a row for each digit of a
/// batch.
struct GpuMemory {
  const double* pixels;
  const std::uint8_t* classes;
  double* parameters;
  std::uint32_t* which;
  double* hidden;
  double* back;
  double* error;
  double* loss;
  double* sums;  // the gradient, and behind it the loss
};

/// Writes gradient and loss of the digits in `which` to `sums`, all in the flat order of
/// digits::Shape. The order of additions is fixed, so the same input gives the same bits.
cudaError_t launch_gradient(const GpuMemory& memory, std::size_t n_hidden, std::size_t n_which,
                            cudaStream_t stream);

}  // namespace digits
