#pragma once
// Names that a script of another scheduler brings along from another site: of a partition, a QOS,
// an account, a reservation, features, a kind of GPU, licenses.

#include <memory>
#include <string>
#include <vector>

#include "lib/model/job.h"
#include "scheduler/core/view.h"

namespace scheduler {

struct HomeRequest {
  std::shared_ptr<const model::JobSpec> spec;
  std::vector<std::string> notes;  // one for each name that was left out
};

/// Leaves such names out of the request where this cluster has nothing of that name; of several
/// partitions joined by commas, the first one that is known stays, or else, if nothing is to be
/// left out, the first. A native request comes back as it is: there an unknown name is a mistake.
HomeRequest at_home(const View& view, std::shared_ptr<const model::JobSpec> spec,
                    bool leave_out_foreign);

}  // namespace scheduler
