#include "nodeprep/gpu/checks.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "nodeprep/gpu/blas.h"
#include "nodeprep/gpu/device.h"

namespace gpucheck {

namespace {

constexpr std::size_t word = sizeof(std::uint64_t);
constexpr std::size_t largest_block = std::size_t{1} << 30;
constexpr unsigned side = 4096;  // of the matrices
constexpr double product_seconds = 2;
constexpr int n_samples = 256;
constexpr std::size_t copied = std::size_t{256} << 20;
constexpr int n_copies = 16;

class Timer {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// In blocks, for one as large as all of it is seldom free. Less than asked for, when others take
/// memory meanwhile.
std::vector<Array<std::uint64_t>> take_memory(double part) {
  std::size_t free = 0;
  std::size_t total = 0;
  need(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  auto left = static_cast<std::size_t>(static_cast<double>(free) * part) / word;
  std::vector<Array<std::uint64_t>> blocks;
  while (left > 0) {
    const auto count = std::min(left, largest_block / word);
    try {
      blocks.emplace_back(count);
    } catch (const Failure&) {
      if (blocks.empty()) throw;
      forget_errors();
      return blocks;
    }
    left -= count;
  }
  if (blocks.empty()) throw Failure("cudaMemGetInfo: no memory is free");
  return blocks;
}

std::vector<Block> places_of(const std::vector<Array<std::uint64_t>>& memory) {
  std::vector<Block> blocks;
  std::uint64_t base = 0;
  for (const auto& part : memory) {
    blocks.push_back({part.data(), part.count(), base});
    base += part.count();
  }
  return blocks;
}

void note(const Mismatches& found, Pattern pattern, model::GpuCheck& gpu) {
  if (found.count == 0) return;
  if (gpu.wrong_words == 0) {
    gpu.wrong_pattern = name_of(pattern);
    gpu.first_wrong = found.first * word;
  }
  gpu.first_wrong = std::min<std::uint64_t>(gpu.first_wrong, found.first * word);
  gpu.wrong_words += found.count;
}

/// How many of some entries of the product are not what this machine computes.
std::uint64_t wrong_samples(const Array<float>& product, const Stream& stream) {
  std::uint64_t wrong = 0;
  for (int sample = 0; sample < n_samples; ++sample) {
    const auto place = mixed(static_cast<std::uint64_t>(sample)) % product.count();
    const auto row = place / side;
    const auto column = place % side;
    float expected = 0;
    for (std::uint64_t k = 0; k < side; ++k) {
      expected += entry_of(0, row * side + k) * entry_of(1, k * side + column);
    }
    float found = 0;
    need(cudaMemcpyAsync(&found, product.data() + place, sizeof found, cudaMemcpyDeviceToHost,
                         stream.get()),
         "cudaMemcpyAsync");
    stream.wait();
    if (found != expected) ++wrong;
  }
  return wrong;
}

/// Bytes per second of the best of some copies.
double rate_of_copies(void* to, const void* from, cudaMemcpyKind kind, const Stream& stream) {
  const Stopwatch watch(stream);
  double best = 0;
  for (int i = 0; i < n_copies; ++i) {
    watch.start();
    need(cudaMemcpyAsync(to, from, copied, kind, stream.get()), "cudaMemcpyAsync");
    best = std::max(best, static_cast<double>(copied) / watch.stop_seconds());
  }
  return best;
}

}  // namespace

void check_memory(const Effort& effort, model::GpuCheck& gpu) {
  const Stream stream;
  Counter counter(stream);
  const auto memory = take_memory(effort.memory_part);
  const auto blocks = places_of(memory);
  gpu.tested_bytes = (blocks.back().base + blocks.back().count) * word;
  const Timer timer;
  do {
    for (int number = 0; number < n_patterns; ++number) {
      const auto pattern = static_cast<Pattern>(number);
      counter.reset();
      for (const auto& block : blocks) {
        need(start_fill(block, pattern, gpu.memory_passes, stream.get()), "fill");
      }
      for (const auto& block : blocks) {
        need(start_verify(block, pattern, gpu.memory_passes, counter.there(), stream.get()),
             "verify");
      }
      note(counter.read(), pattern, gpu);
    }
    ++gpu.memory_passes;
  } while (timer.seconds() < effort.seconds);
}

void check_product(model::GpuCheck& gpu) {
  const Stream stream;
  Counter counter(stream);
  const auto count = static_cast<std::size_t>(side) * side;
  const Array<float> left(count);
  const Array<float> right(count);
  const Array<float> first(count);
  const Array<float> product(count);
  need(start_fill_matrix(left.data(), side, 0, stream.get()), "fill_matrix");
  need(start_fill_matrix(right.data(), side, 1, stream.get()), "fill_matrix");
  const Blas blas(stream);
  gpu.product_by = blas.is_there() ? "cuBLAS" : "kernel";
  const auto multiply = [&](float* into) {
    if (blas.is_there()) {
      blas.multiply(left.data(), right.data(), into, side);
    } else {
      need(start_multiply(left.data(), right.data(), into, side, stream.get()), "multiply");
    }
  };
  multiply(first.data());
  gpu.wrong_products += wrong_samples(first, stream);
  const Stopwatch watch(stream);
  const double operations = 2.0 * side * side * side;
  const Timer timer;
  do {
    watch.start();
    multiply(product.data());
    gpu.flops_per_second = std::max(gpu.flops_per_second, operations / watch.stop_seconds());
    need(start_compare(product.data(), first.data(), count, counter.there(), stream.get()),
         "compare");
  } while (timer.seconds() < product_seconds);
  gpu.wrong_products += counter.read().count;
}

void check_copies(model::GpuCheck& gpu) {
  const Stream stream;
  const auto count = copied / word;
  const Pinned from(copied);
  const Pinned back(copied);
  const Array<std::uint64_t> there(count);
  const Array<std::uint64_t> beside(count);
  for (std::size_t i = 0; i < count; ++i) {
    from.words()[i] = word_of(Pattern::random, 0, i);
    back.words()[i] = 0;
  }
  gpu.to_device = rate_of_copies(there.data(), from.words(), cudaMemcpyHostToDevice, stream);
  // Each byte is read and written.
  gpu.within = 2 * rate_of_copies(beside.data(), there.data(), cudaMemcpyDeviceToDevice, stream);
  gpu.from_device = rate_of_copies(back.words(), beside.data(), cudaMemcpyDeviceToHost, stream);
  for (std::size_t i = 0; i < count; ++i) {
    if (back.words()[i] != from.words()[i]) ++gpu.wrong_copies;
  }
}

}  // namespace gpucheck
