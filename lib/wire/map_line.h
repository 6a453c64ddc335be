#pragma once
// Places of ranks as lines of text: in the log of a launch, and as the API gives them.

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/head_message.h"

namespace wire {

/// "2\tn1\t4-5\t0\t1\tworker 1\t\tmlx5_0\n": rank, node, hardware threads, memory domains, GPUs,
/// role, why it is not bound, and network card.
std::string to_map_line(const model::RankPlaced& placed);

/// Those of releases that named no card, too. errors: corrupt, with the line that is none
base::Result<std::vector<model::RankPlaced>> read_map_lines(std::string_view lines);

}  // namespace wire
