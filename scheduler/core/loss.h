#pragma once
// What becomes of the work of a node that does not come back.

#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/model/fact.h"
#include "scheduler/core/state.h"

namespace scheduler {

/// A report written by the controller, for a launch that the node cannot report any more.
model::LaunchReport written_off(const model::LaunchKey& key, const model::Failure& why,
                                base::Time at);

/// The launches of a job on the node.
std::vector<model::FactBody> write_off(const Job& job, const Node& node, const model::Failure& why,
                                       base::Time at);

/// It was away for too long: its jobs end.
std::vector<model::FactBody> lose(const State& state, const Node& node, base::Time now);

/// Do its jobs run nowhere else any more? Of jobs that are being ended.
bool is_alone_with_jobs(const State& state, const Node& node);

}  // namespace scheduler
