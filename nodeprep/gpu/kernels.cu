#include "nodeprep/gpu/kernels.h"

namespace gpucheck {
namespace {

constexpr unsigned threads = 256;
constexpr unsigned most_blocks = 4096;  // each thread then goes on to further words
constexpr unsigned tile = 32;

unsigned blocks_for(std::uint64_t count) {
  const std::uint64_t blocks = (count + threads - 1) / threads;
  return static_cast<unsigned>(blocks < most_blocks ? blocks : most_blocks);
}

__device__ std::uint64_t first_place() {
  return static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ std::uint64_t step() {
  return static_cast<std::uint64_t>(gridDim.x) * blockDim.x;
}

__device__ void note(Mismatches* mismatches, std::uint64_t place) {
  atomicAdd(&mismatches->count, 1ull);
  atomicMin(&mismatches->first, static_cast<unsigned long long>(place));
}

__global__ void fill(Block block, Pattern pattern, std::uint64_t turn) {
  for (std::uint64_t i = first_place(); i < block.count; i += step()) {
    block.words[i] = word_of(pattern, turn, block.base + i);
  }
}

__global__ void verify(Block block, Pattern pattern, std::uint64_t turn, Mismatches* mismatches) {
  for (std::uint64_t i = first_place(); i < block.count; i += step()) {
    const std::uint64_t place = block.base + i;
    if (block.words[i] != word_of(pattern, turn, place)) {
      note(mismatches, place);
    }
  }
}

__global__ void fill_matrix(float* matrix, std::uint64_t count, std::uint64_t which) {
  for (std::uint64_t i = first_place(); i < count; i += step()) {
    matrix[i] = entry_of(which, i);
  }
}

/// One block for each tile of the product.
__global__ void multiply(const float* left, const float* right, float* product, unsigned n) {
  __shared__ float lefts[tile][tile];
  __shared__ float rights[tile][tile];
  const unsigned row = blockIdx.y * tile + threadIdx.y;
  const unsigned column = blockIdx.x * tile + threadIdx.x;
  float sum = 0;
  for (unsigned at = 0; at < n; at += tile) {
    lefts[threadIdx.y][threadIdx.x] = left[static_cast<std::size_t>(row) * n + at + threadIdx.x];
    rights[threadIdx.y][threadIdx.x] =
        right[static_cast<std::size_t>(at + threadIdx.y) * n + column];
    __syncthreads();
    for (unsigned k = 0; k < tile; ++k) {
      sum += lefts[threadIdx.y][k] * rights[k][threadIdx.x];
    }
    __syncthreads();
  }
  product[static_cast<std::size_t>(row) * n + column] = sum;
}

__global__ void compare(const float* found, const float* expected, std::uint64_t count,
                        Mismatches* mismatches) {
  for (std::uint64_t i = first_place(); i < count; i += step()) {
    if (__float_as_uint(found[i]) != __float_as_uint(expected[i])) {
      note(mismatches, i);
    }
  }
}

__global__ void fill_part(float* numbers, std::uint64_t count, std::uint64_t rank) {
  for (std::uint64_t i = first_place(); i < count; i += step()) {
    numbers[i] = part_of_sum(rank, i);
  }
}

__global__ void verify_sum(const float* numbers, std::uint64_t count, std::uint64_t n_ranks,
                           Mismatches* mismatches) {
  for (std::uint64_t i = first_place(); i < count; i += step()) {
    if (numbers[i] != whole_sum(n_ranks, i)) {
      note(mismatches, i);
    }
  }
}

}  // namespace

cudaError_t start_fill(Block block, Pattern pattern, std::uint64_t turn, cudaStream_t stream) {
  fill<<<blocks_for(block.count), threads, 0, stream>>>(block, pattern, turn);
  return cudaGetLastError();
}

cudaError_t start_verify(Block block, Pattern pattern, std::uint64_t turn, Mismatches* mismatches,
                         cudaStream_t stream) {
  verify<<<blocks_for(block.count), threads, 0, stream>>>(block, pattern, turn, mismatches);
  return cudaGetLastError();
}

cudaError_t start_fill_matrix(float* matrix, unsigned n, std::uint64_t which, cudaStream_t stream) {
  const std::uint64_t count = static_cast<std::uint64_t>(n) * n;
  fill_matrix<<<blocks_for(count), threads, 0, stream>>>(matrix, count, which);
  return cudaGetLastError();
}

cudaError_t start_multiply(const float* left, const float* right, float* product, unsigned n,
                           cudaStream_t stream) {
  const dim3 blocks(n / tile, n / tile);
  multiply<<<blocks, dim3(tile, tile), 0, stream>>>(left, right, product, n);
  return cudaGetLastError();
}

cudaError_t start_compare(const float* found, const float* expected, std::uint64_t count,
                          Mismatches* mismatches, cudaStream_t stream) {
  compare<<<blocks_for(count), threads, 0, stream>>>(found, expected, count, mismatches);
  return cudaGetLastError();
}

cudaError_t start_fill_part(float* numbers, std::uint64_t count, std::uint64_t rank,
                            cudaStream_t stream) {
  fill_part<<<blocks_for(count), threads, 0, stream>>>(numbers, count, rank);
  return cudaGetLastError();
}

cudaError_t start_verify_sum(const float* numbers, std::uint64_t count, std::uint64_t n_ranks,
                             Mismatches* mismatches, cudaStream_t stream) {
  verify_sum<<<blocks_for(count), threads, 0, stream>>>(numbers, count, n_ranks, mismatches);
  return cudaGetLastError();
}

}  // namespace gpucheck
