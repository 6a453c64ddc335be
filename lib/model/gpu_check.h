#pragma once
// What muster-gpucheck found of one GPU. Needs nothing of the tree: its program is also built where
// only CUDA is.

#include <cstdint>
#include <string>

namespace model {

struct GpuCheck {
  std::string uuid;     // "GPU-..."; empty: of none, `problem` says why
  std::string name;     // "NVIDIA H100 80GB HBM3"
  std::string problem;  // the call that failed, after which nothing more was measured; empty: none
  std::uint64_t tested_bytes = 0;  // of its memory
  std::uint64_t memory_passes = 0;
  std::uint64_t wrong_words = 0;  // of 8 bytes, over all passes
  std::uint64_t first_wrong = 0;  // the lowest of them, in bytes from the start of what was tested
  std::string wrong_pattern;      // that met the first of them
  std::string product_by;         // "cuBLAS", or "kernel" for our own
  double flops_per_second = 0;    // of a product of matrices in single precision
  std::uint64_t wrong_products = 0;
  double to_device = 0;    // bytes per second from pinned memory of the machine
  double from_device = 0;  // and to it
  double within = 0;       // read and written by copies inside the GPU
  std::uint64_t wrong_copies = 0;
  std::string sums_problem;  // why there was no allreduce that should have been; empty: none
  double sums_in_node = 0;   // bus bandwidth of an allreduce of the node's GPUs; 0: there is none
  double sums_between_nodes = 0;  // the better one with the node before and the node after; 0: none
  std::uint64_t wrong_sums = 0;

  bool operator==(const GpuCheck&) const = default;
};

}  // namespace model
