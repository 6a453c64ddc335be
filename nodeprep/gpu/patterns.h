#pragma once
// What the checks write and expect, word by word. The same on a GPU and on its host, in C++17, as
// nvcc compiles it.

#include <cstdint>

#ifdef __CUDACC__
#define GPUCHECK_EVERYWHERE __host__ __device__
#else
#define GPUCHECK_EVERYWHERE
#endif

namespace gpucheck {

/// Each finds other faults: bits that stick, bits that follow their neighbours, addresses that are
/// mixed up, and what depends on the data.
enum class Pattern { walking_one, walking_zero, address, no_address, random };

constexpr int n_patterns = 5;

GPUCHECK_EVERYWHERE constexpr const char* name_of(Pattern pattern) {
  switch (pattern) {
    case Pattern::walking_one:
      return "walking one";
    case Pattern::walking_zero:
      return "walking zero";
    case Pattern::address:
      return "address";
    case Pattern::no_address:
      return "complement of the address";
    case Pattern::random:
      return "random";
  }
  return "";
}

/// The numbers of splitmix64 (Steele, Lea, Flood 2014) by their place.
GPUCHECK_EVERYWHERE constexpr std::uint64_t mixed(std::uint64_t place) {
  std::uint64_t x = (place + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Of 8 bytes at the place `index`. `turn` makes each pass another one.
GPUCHECK_EVERYWHERE constexpr std::uint64_t word_of(Pattern pattern, std::uint64_t turn,
                                                    std::uint64_t index) {
  switch (pattern) {
    case Pattern::walking_one:
      return std::uint64_t{1} << ((index + turn) % 64);
    case Pattern::walking_zero:
      return ~(std::uint64_t{1} << ((index + turn) % 64));
    case Pattern::address:
      return index * 8 + turn;
    case Pattern::no_address:
      return ~(index * 8 + turn);
    case Pattern::random:
      return mixed(index ^ (turn << 48));
  }
  return 0;
}

/// Whole numbers from -3 to 3: sums of 4096 products of such are exact in single precision, in
/// whatever order they are made.
GPUCHECK_EVERYWHERE constexpr float entry_of(std::uint64_t matrix, std::uint64_t index) {
  return static_cast<float>(static_cast<int>(mixed(index ^ (matrix << 56)) % 7) - 3);
}

/// What GPU number `rank` adds to an allreduce at the place `index`.
GPUCHECK_EVERYWHERE constexpr float part_of_sum(std::uint64_t rank, std::uint64_t index) {
  return static_cast<float>(index % 251 + rank);
}

/// The sum over `n` GPUs, exact in single precision for up to some thousand.
GPUCHECK_EVERYWHERE constexpr float whole_sum(std::uint64_t n, std::uint64_t index) {
  return static_cast<float>(n * (index % 251) + n * (n - 1) / 2);
}

}  // namespace gpucheck
