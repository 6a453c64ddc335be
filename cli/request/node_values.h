#pragma once
// The values of options that say which nodes a job may use, and what else it needs of the cluster.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace request {

/// "4" or "2-8": the fewest nodes, and the most where there are two.
base::Result<std::pair<int, std::optional<int>>> nodes_from_text(std::string_view text);

/// "2" or "h100:2": the kind of GPU, empty for any, and how many.
base::Result<std::pair<std::string, int>> gpus_from_text(std::string_view text);

/// "n[1-3],n7": the names in order, each once.
base::Result<std::vector<std::string>> node_names_from_text(std::string_view text);

/// "matlab:2,solver": numbers by name; one where none is given.
base::Result<model::Licenses> licenses_from_text(std::string_view text);

}  // namespace request
