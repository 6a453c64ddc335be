#include "nodeprep/gpu/blas.h"

#include "nodeprep/gpu/library.h"

#if __has_include(<cublas_v2.h>)
#include <cublas_v2.h>
#define GPUCHECK_HAS_CUBLAS 1
#else
#define GPUCHECK_HAS_CUBLAS 0
#endif

namespace gpucheck {

#if GPUCHECK_HAS_CUBLAS

namespace {

void need_blas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Failure(std::string(call) + ": cuBLAS says: status " + std::to_string(status));
}

}  // namespace

struct Blas::Calls {
  decltype(&cublasCreate_v2) create = nullptr;
  decltype(&cublasDestroy_v2) destroy = nullptr;
  decltype(&cublasSetStream_v2) set_stream = nullptr;
  decltype(&cublasSgemm_v2) multiply = nullptr;
  cublasHandle_t handle = nullptr;
};

Blas::Blas(const Stream& stream) {
  // Its major number is that of CUDA.
  const Library library("libcublas.so." + std::to_string(CUBLAS_VER_MAJOR));
  if (!library.is_there()) return;
  auto calls = std::make_unique<Calls>();
  library.take(calls->create, "cublasCreate_v2");
  library.take(calls->destroy, "cublasDestroy_v2");
  library.take(calls->set_stream, "cublasSetStream_v2");
  library.take(calls->multiply, "cublasSgemm_v2");
  need_blas(calls->create(&calls->handle), "cublasCreate");
  calls_ = std::move(calls);
  need_blas(calls_->set_stream(calls_->handle, stream.get()), "cublasSetStream");
}

Blas::~Blas() {
  if (calls_) (void)calls_->destroy(calls_->handle);
}

void Blas::multiply(const float* left, const float* right, float* product, unsigned n) const {
  // It counts by columns: what it then takes for right * left is left * right by rows.
  const float one = 1;
  const float zero = 0;
  const int side = static_cast<int>(n);
  need_blas(calls_->multiply(calls_->handle, CUBLAS_OP_N, CUBLAS_OP_N, side, side, side, &one,
                             right, side, left, side, &zero, product, side),
            "cublasSgemm");
}

#else

struct Blas::Calls {};

Blas::Blas(const Stream& /*stream*/) {}

Blas::~Blas() = default;

void Blas::multiply(const float* /*left*/, const float* /*right*/, float* /*product*/,
                    unsigned /*n*/) const {
  throw Failure("cublasSgemm: built without cuBLAS");
}

#endif

}  // namespace gpucheck
