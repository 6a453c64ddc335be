#pragma once
// When active jobs are expected to end, and what they give back then: what a pass walks through to
// find the first moment at which a job fits.

#include <compare>
#include <cstdint>
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

/// When they end, and which part of all numbers the jobs are from: many may end at once, and a part
/// is changed at little cost.
struct EndsAt {
  base::Time at;
  std::uint32_t part;

  auto operator<=>(const EndsAt&) const = default;
};

/// In order of time, then of jobs. None is empty.
using Ends = std::map<EndsAt, std::vector<Return>>;

/// The first that is later.
Ends::const_iterator ends_after(const Ends& ends, base::Time at);

void add(Ends& ends, base::Time at, const Job& job);
void remove(Ends& ends, base::Time at, model::JobId job);

}  // namespace scheduler
