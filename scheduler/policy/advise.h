#pragma once
// What would let a request start now.

#include <functional>
#include <string>
#include <vector>

#include "lib/model/advice.h"
#include "lib/model/job.h"

namespace policy {

/// Would this request start now?
using StartsNow = std::function<bool(const model::JobSpec&)>;

/// The least changes of one option each that would do: a shorter limit, fewer tasks, nodes, cores
/// or GPUs, less memory, another pool.
/// cost: some tens of calls
std::vector<model::Change> changes_for(const model::JobSpec& spec, base::Duration shortest_of_use,
                                       const std::vector<std::string>& pools,
                                       const StartsNow& starts_now);

}  // namespace policy
