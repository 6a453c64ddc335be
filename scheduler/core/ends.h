#pragma once
// When active jobs are expected to end, and what they give back then: what a pass walks through to
// find the first moment at which a job fits.

#include <map>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "scheduler/core/job.h"
#include "scheduler/core/ready_nodes.h"

namespace scheduler {

/// What an active job gives back when it ends, on one node.
struct Return {
  model::JobId job;
  model::NodeId node;
  Amounts amounts;

  bool operator==(const Return&) const = default;
};

/// By when the jobs end; of a moment in order of jobs. No moment is empty.
using Ends = std::map<base::Time, std::vector<Return>>;

void add(Ends& ends, base::Time at, const Job& job);
void remove(Ends& ends, base::Time at, model::JobId job);

}  // namespace scheduler
