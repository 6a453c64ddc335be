// Gradients on the cores of this rank, summed by MPI_Allreduce.

#include <mpi.h>

#include <algorithm>

#include "examples/digits/backend.h"
#include "examples/digits/group.h"

namespace digits {
namespace {

class MpiBackend final : public Backend {
 public:
  MpiBackend(Shape shape, const Digits& train)
      : shape_(shape), train_(train), sums_(shape.n_parameters() + 1) {}

  base::Result<double> sum_gradient(std::span<const double> parameters,
                                    std::span<const std::uint32_t> which,
                                    std::span<double> gradient) override {
    // The loss travels behind the gradient, so that a batch costs one reduction.
    std::fill(sums_.begin(), sums_.end(), 0.0);
    sums_.back() = add_gradient(shape_, parameters, train_, which,
                                std::span(sums_).first(shape_.n_parameters()));
    MPI_Allreduce(MPI_IN_PLACE, sums_.data(), static_cast<int>(sums_.size()), MPI_DOUBLE, MPI_SUM,
                  MPI_COMM_WORLD);
    std::copy(sums_.begin(), sums_.end() - 1, gradient.begin());
    return sums_.back();
  }

 private:
  Shape shape_;
  const Digits& train_;
  std::vector<double> sums_;
};

}  // namespace

base::Result<std::unique_ptr<Backend>> make_backend(const Group&, Shape shape,
                                                    const Digits& train) {
  return std::make_unique<MpiBackend>(shape, train);
}

}  // namespace digits
