#pragma once
// Where gradients are computed and summed over all ranks: on cores with MPI, or on GPUs with NCCL.
// The trainer knows only this; one program is linked with one of them.

#include <cstdint>
#include <memory>
#include <span>

#include "examples/digits/network.h"

namespace digits {

class Group;

class Backend {
 public:
  virtual ~Backend() = default;

  /// Adds up loss and gradient over the digits of all ranks; every rank calls it and gets the same
  /// sums.
  ///
  /// which     this rank's digits, as indices into the training digits; may be empty
  /// gradient  n_parameters() values, which are overwritten
  /// returns   the sum of the losses
  virtual base::Result<double> sum_gradient(std::span<const double> parameters,
                                            std::span<const std::uint32_t> which,
                                            std::span<double> gradient) = 0;
};

/// The backend that this program is linked with. `train` and `group` must outlive it.
base::Result<std::unique_ptr<Backend>> make_backend(const Group& group, Shape shape,
                                                    const Digits& train);

}  // namespace digits
