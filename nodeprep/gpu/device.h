#pragma once
// GPUs, opened by their UUID, and what the checks own on them. Calls that fail throw Failure.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nodeprep/gpu/failure.h"
#include "nodeprep/gpu/kernels.h"

namespace gpucheck {

/// errors    with the call and CUDA's text
void need(cudaError_t status, const char* call);

/// CUDA keeps what failed for the next call that asks, which may be about another GPU.
void forget_errors();

struct Identity {
  int number = 0;  // among those that this process sees
  std::string uuid;
  std::string name;
};

/// All that this process sees. errors    no driver, no device
std::vector<Identity> visible_devices();

/// Makes it the one that calls of this thread are about, and looks whether it is that.
void use(const Identity& device);

/// Memory of the GPU in use, of T.
template <class T>
class Array {
 public:
  explicit Array(std::size_t count) : count_(count) {
    void* data = nullptr;
    need(cudaMalloc(&data, count * sizeof(T)), "cudaMalloc");
    data_ = static_cast<T*>(data);
  }
  ~Array() { (void)cudaFree(data_); }  // a failure here has shown itself before
  Array(Array&& other) noexcept : data_(other.data_), count_(other.count_) {
    other.data_ = nullptr;
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  T* data() const { return data_; }
  std::size_t count() const { return count_; }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

/// Memory of the machine that the GPU reaches by itself.
class Pinned {
 public:
  explicit Pinned(std::size_t size) { need(cudaMallocHost(&data_, size), "cudaMallocHost"); }
  ~Pinned() { (void)cudaFreeHost(data_); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

  std::uint64_t* words() const { return static_cast<std::uint64_t*>(data_); }

 private:
  void* data_ = nullptr;
};

class Stream {
 public:
  Stream() { need(cudaStreamCreate(&stream_), "cudaStreamCreate"); }
  ~Stream() { (void)cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const { return stream_; }
  void wait() const { need(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

 private:
  cudaStream_t stream_ = nullptr;
};

/// Where kernels count what is wrong.
class Counter {
 public:
  explicit Counter(const Stream& stream) : stream_(stream), there_(1) { reset(); }

  void reset();
  Mismatches* there() const { return there_.data(); }
  /// Waits for all that was started.
  Mismatches read() const;

 private:
  const Stream& stream_;
  Array<Mismatches> there_;
};

/// Time on the GPU between two places of a stream.
class Stopwatch {
 public:
  explicit Stopwatch(const Stream& stream);
  ~Stopwatch();
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  void start() const;
  /// Waits for all that was started.
  double stop_seconds() const;

 private:
  const Stream& stream_;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

}  // namespace gpucheck
