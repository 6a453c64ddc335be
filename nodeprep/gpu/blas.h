#pragma once
// Products of matrices by cuBLAS, where it is found when the program runs.

#include <memory>

#include "nodeprep/gpu/device.h"

namespace gpucheck {

class Blas {
 public:
  explicit Blas(const Stream& stream);
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  bool is_there() const { return calls_ != nullptr; }
  /// Square matrices row by row, in single precision all through. errors    Failure
  void multiply(const float* left, const float* right, float* product, unsigned n) const;

 private:
  struct Calls;
  std::unique_ptr<const Calls> calls_;
};

}  // namespace gpucheck
