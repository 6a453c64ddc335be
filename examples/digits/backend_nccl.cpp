// Gradients on the GPU of this rank, summed by ncclAllReduce. MPI only carries NCCL's identifier.

#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <mpi.h>
#include <nccl.h>

#include <algorithm>

#include "examples/digits/backend.h"
#include "examples/digits/group.h"
#include "examples/digits/kernels.h"
#include "lib/base/check.h"

namespace digits {
namespace {

base::Result<void> check_cuda(cudaError_t status, std::string_view what) {
  if (status == cudaSuccess) {
    return {};
  }
  return base::fail(base::Code::unavailable,
                    fmt::format("{}: CUDA says: {}", what, cudaGetErrorString(status)));
}

base::Result<void> check_nccl(ncclResult_t status, std::string_view what) {
  if (status == ncclSuccess) {
    return {};
  }
  return base::fail(base::Code::unavailable,
                    fmt::format("{}: NCCL says: {}", what, ncclGetErrorString(status)));
}

/// An array on the GPU, freed with its owner.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  ~DeviceArray() { (void)cudaFree(data_); }  // a failure here has shown itself before
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  base::Result<void> make(std::size_t count) {
    return check_cuda(cudaMalloc(&data_, count * sizeof(T)), "cannot get GPU memory");
  }
  /// Makes room for the values and copies them.
  base::Result<void> make(std::span<const T> values) {
    if (auto made = make(values.size()); !made) {
      return made;
    }
    return check_cuda(cudaMemcpy(data_, values.data(), values.size_bytes(), cudaMemcpyHostToDevice),
                      "cannot copy to the GPU");
  }
  T* data() const { return data_; }

 private:
  T* data_ = nullptr;
};

/// Ranks of one machine take its visible GPUs in turn; a launcher that gives each rank one GPU
/// shows only it.
base::Result<void> choose_gpu() {
  MPI_Comm machine;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  int local_rank = 0;
  MPI_Comm_rank(machine, &local_rank);
  MPI_Comm_free(&machine);
  int n_gpus = 0;
  if (auto counted = check_cuda(cudaGetDeviceCount(&n_gpus), "cannot find a GPU"); !counted) {
    return counted;
  }
  return check_cuda(cudaSetDevice(local_rank % std::max(n_gpus, 1)), "cannot use the GPU");
}

class NcclBackend final : public Backend {
 public:
  NcclBackend(Shape shape, std::size_t n_train) : shape_(shape), n_train_(n_train) {}
  ~NcclBackend() override {
    if (comm_ != nullptr) {
      (void)ncclCommDestroy(comm_);  // training is over or has failed: nothing to save
    }
    if (stream_ != nullptr) {
      (void)cudaStreamDestroy(stream_);
    }
  }

  /// A batch is at most all training digits, so each array has room for any batch.
  base::Result<void> prepare(const Digits& train) {
    const std::size_t rows = train.size();
    for (auto made :
         {pixels_.make(train.pixels), classes_.make(train.classes),
          parameters_.make(shape_.n_parameters()), which_.make(rows),
          hidden_.make(rows * shape_.hidden), back_.make(rows * shape_.hidden),
          error_.make(rows * n_classes), loss_.make(rows), sums_.make(shape_.n_parameters() + 1),
          check_cuda(cudaStreamCreate(&stream_), "cannot make a stream")}) {
      if (!made) {
        return made;
      }
    }
    return {};
  }

  /// Every rank must come here: NCCL waits for all.
  base::Result<void> connect(const Group& group) {
    ncclUniqueId id{};
    base::Result<void> made;
    if (group.is_first()) {
      made = check_nccl(ncclGetUniqueId(&id), "cannot start NCCL");
    }
    if (!group.all(made.has_value())) {
      return made ? base::fail(base::Code::unavailable, "rank 0 could not start NCCL") : made;
    }
    group.broadcast(std::as_writable_bytes(std::span(&id, 1)));
    return check_nccl(ncclCommInitRank(&comm_, group.size(), id, group.rank()),
                      "cannot connect the GPUs (each rank needs one of its own)");
  }

  base::Result<double> sum_gradient(std::span<const double> parameters,
                                    std::span<const std::uint32_t> which,
                                    std::span<double> gradient) override {
    const std::size_t n_sums = shape_.n_parameters() + 1;
    std::vector<double> sums(n_sums);
    if (auto sent = send(parameters, which); !sent) {
      return std::unexpected(sent.error());
    }
    if (auto launched = check_cuda(launch_gradient(memory(), shape_.hidden, which.size(), stream_),
                                   "cannot compute");
        !launched) {
      return std::unexpected(launched.error());
    }
    if (auto reduced = check_nccl(
            ncclAllReduce(sums_.data(), sums_.data(), n_sums, ncclDouble, ncclSum, comm_, stream_),
            "cannot sum over the GPUs");
        !reduced) {
      return std::unexpected(reduced.error());
    }
    if (auto received = receive(sums); !received) {
      return std::unexpected(received.error());
    }
    std::copy(sums.begin(), sums.end() - 1, gradient.begin());
    return sums.back();
  }

 private:
  GpuMemory memory() const {
    return {.pixels = pixels_.data(),
            .classes = classes_.data(),
            .parameters = parameters_.data(),
            .which = which_.data(),
            .hidden = hidden_.data(),
            .back = back_.data(),
            .error = error_.data(),
            .loss = loss_.data(),
            .sums = sums_.data()};
  }

  base::Result<void> send(std::span<const double> parameters,
                          std::span<const std::uint32_t> which) {
    base::check(which.size() <= n_train_, "a batch is at most all training digits");
    auto sent =
        check_cuda(cudaMemcpyAsync(parameters_.data(), parameters.data(), parameters.size_bytes(),
                                   cudaMemcpyHostToDevice, stream_),
                   "cannot copy to the GPU");
    if (!sent || which.empty()) {
      return sent;
    }
    return check_cuda(cudaMemcpyAsync(which_.data(), which.data(), which.size_bytes(),
                                      cudaMemcpyHostToDevice, stream_),
                      "cannot copy to the GPU");
  }

  base::Result<void> receive(std::span<double> sums) {
    auto received = check_cuda(cudaMemcpyAsync(sums.data(), sums_.data(), sums.size_bytes(),
                                               cudaMemcpyDeviceToHost, stream_),
                               "cannot copy from the GPU");
    return received ? check_cuda(cudaStreamSynchronize(stream_), "the GPU failed") : received;
  }

  Shape shape_;
  std::size_t n_train_;
  ncclComm_t comm_ = nullptr;
  cudaStream_t stream_ = nullptr;
  DeviceArray<double> pixels_;
  DeviceArray<std::uint8_t> classes_;
  DeviceArray<double> parameters_;
  DeviceArray<std::uint32_t> which_;
  DeviceArray<double> hidden_;
  DeviceArray<double> back_;
  DeviceArray<double> error_;
  DeviceArray<double> loss_;
  DeviceArray<double> sums_;
};

}  // namespace

base::Result<std::unique_ptr<Backend>> make_backend(const Group& group, Shape shape,
                                                    const Digits& train) {
  auto ready = choose_gpu();
  auto backend = std::make_unique<NcclBackend>(shape, train.size());
  if (ready) {
    ready = backend->prepare(train);
  }
  // A rank without a GPU must not leave the others waiting inside NCCL.
  if (!group.all(ready.has_value())) {
    return ready ? base::fail(base::Code::unavailable, "another rank has no GPU to work on")
                 : std::unexpected(ready.error());
  }
  if (auto connected = backend->connect(group); !connected) {
    return std::unexpected(connected.error());
  }
  return backend;
}

}  // namespace digits
