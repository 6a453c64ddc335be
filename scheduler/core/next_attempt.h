#pragma once
// What the attempt after one that has ended asks for.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "lib/model/job.h"
#include "lib/model/outcome.h"
#include "scheduler/core/job.h"

namespace scheduler {

/// The request of the next attempt: with more memory after one that ran out of it, as far as the
/// restart policy says so; on dedicated nodes after its last eviction that may be; else as before.
/// `n_evictions`: so often by then.
std::shared_ptr<const model::JobSpec> spec_after(const Job& job, const model::Failure& why,
                                                 std::size_t n_evictions);

/// Was it evicted as often as it may be?
bool has_had_enough(const model::JobSpec& spec, std::size_t n_evictions);

/// Names of nodes of the attempt before, which the next is to have again if it can start as soon as
/// it may: files and caches are there. None after making room for others
/// or a prolog that failed, and none that it avoids.
std::vector<std::string> former_nodes(const Job& job);

/// Did a node that was lost end the attempt before, and does the waiting job make no pause for it?
bool lost_its_node_now(const Job& job);

/// The waiting job asks for this from now on.
void ask_for(Job& job, std::shared_ptr<const model::JobSpec> spec);

/// Does the restart policy have the job ask for more memory after such an end?
bool asks_for_more(const model::JobSpec& spec, const model::Failure& why);

}  // namespace scheduler
