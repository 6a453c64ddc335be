#pragma once
// Where the ranks of a step run, for people.

#include <string>
#include <vector>

#include "lib/model/head_message.h"

namespace render {

/// A table with a line for each rank, in their order; below it why ranks are not bound.
std::string rank_map(std::vector<model::RankPlaced> ranks);

/// "rank 2 on n1 cores 0-1 GPUs 2".
std::string binding_line(const model::RankPlaced& rank);

}  // namespace render
