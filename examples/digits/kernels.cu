#include "examples/digits/kernels.h"

namespace digits {
namespace {

constexpr std::size_t n_pixels = 64;
constexpr std::size_t n_classes = 10;
constexpr unsigned threads = 128;

/// Scores become the error of each class; returns the loss. `error` holds the scores before.
__device__ double score_to_error(double* error, std::uint8_t truth) {
  double largest = error[0];
  for (std::size_t c = 1; c < n_classes; ++c) {
    largest = fmax(largest, error[c]);
  }
  double sum = 0;
  for (std::size_t c = 0; c < n_classes; ++c) {
    error[c] = exp(error[c] - largest);
    sum += error[c];
  }
  for (std::size_t c = 0; c < n_classes; ++c) {
    error[c] /= sum;
  }
  const double loss = -log(fmax(error[truth], 1e-300));
  error[truth] -= 1;
  return loss;
}

/// One block for each digit: forward through both layers, then the error back to the hidden layer.
__global__ void pass_digit(GpuMemory memory, std::size_t n_hidden) {
  const std::size_t row = blockIdx.x;
  const std::size_t digit = memory.which[row];
  const double* image = memory.pixels + digit * n_pixels;
  const double* hidden_bias = memory.parameters + n_hidden * n_pixels;
  const double* output = hidden_bias + n_hidden;
  const double* output_bias = output + n_classes * n_hidden;
  double* hidden = memory.hidden + row * n_hidden;
  double* back = memory.back + row * n_hidden;
  double* error = memory.error + row * n_classes;
  for (std::size_t h = threadIdx.x; h < n_hidden; h += blockDim.x) {
    double sum = hidden_bias[h];
    for (std::size_t p = 0; p < n_pixels; ++p) {
      sum += memory.parameters[h * n_pixels + p] * image[p];
    }
    hidden[h] = tanh(sum);
  }
  __syncthreads();
  if (threadIdx.x < n_classes) {
    double sum = output_bias[threadIdx.x];
    for (std::size_t h = 0; h < n_hidden; ++h) {
      sum += output[threadIdx.x * n_hidden + h] * hidden[h];
    }
    error[threadIdx.x] = sum;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    memory.loss[row] = score_to_error(error, memory.classes[digit]);
  }
  __syncthreads();
  for (std::size_t h = threadIdx.x; h < n_hidden; h += blockDim.x) {
    double sum = 0;
    for (std::size_t c = 0; c < n_classes; ++c) {
      sum += error[c] * output[c * n_hidden + h];
    }
    back[h] = sum * (1 - hidden[h] * hidden[h]);
  }
}

/// What one digit adds to sum number `i`.
__device__ double contribution(const GpuMemory& memory, std::size_t n_hidden, std::size_t row,
                               std::size_t i) {
  const double* back = memory.back + row * n_hidden;
  const double* error = memory.error + row * n_classes;
  if (i < n_hidden * n_pixels) {
    const std::size_t digit = memory.which[row];
    return back[i / n_pixels] * memory.pixels[digit * n_pixels + i % n_pixels];
  }
  i -= n_hidden * n_pixels;
  if (i < n_hidden) {
    return back[i];
  }
  i -= n_hidden;
  if (i < n_classes * n_hidden) {
    return error[i / n_hidden] * memory.hidden[row * n_hidden + i % n_hidden];
  }
  i -= n_classes * n_hidden;
  return i < n_classes ? error[i] : memory.loss[row];
}

/// One thread for each sum, so that no two threads add to the same place.
__global__ void add_up(GpuMemory memory, std::size_t n_hidden, std::size_t n_which,
                       std::size_t n_sums) {
  const std::size_t i = static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n_sums) {
    return;
  }
  double sum = 0;
  for (std::size_t row = 0; row < n_which; ++row) {
    sum += contribution(memory, n_hidden, row, i);
  }
  memory.sums[i] = sum;
}

}  // namespace

cudaError_t launch_gradient(const GpuMemory& memory, std::size_t n_hidden, std::size_t n_which,
                            cudaStream_t stream) {
  if (n_which > 0) {
    pass_digit<<<static_cast<unsigned>(n_which), threads, 0, stream>>>(memory, n_hidden);
  }
  const std::size_t n_sums = n_hidden * (n_pixels + 1 + n_classes) + n_classes + 1;
  const auto blocks = static_cast<unsigned>((n_sums + threads - 1) / threads);
  add_up<<<blocks, threads, 0, stream>>>(memory, n_hidden, n_which, n_sums);
  return cudaGetLastError();
}

}  // namespace digits
