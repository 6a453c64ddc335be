#pragma once
// The only place that reads clocks.

#include "lib/base/time.h"

namespace loop {

/// Wall time; never goes back while the process lives. Safe from any thread.
base::Time now();

/// Monotonic time since it was made.
class Elapsed {
 public:
  Elapsed();
  base::Duration so_far() const;

 private:
  base::Duration start_;
};

}  // namespace loop
