#pragma once
// What qsub's -l asks for: select=2:ncpus=8:mpiprocs=4, nodes=2:ppn=8, walltime=1:00:00.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/dialect/translation.h"

namespace dialect {

/// Each resource with its value, and where it was said last.
using PbsResources = std::map<std::string, request::PlacedOption>;

/// Adds those of one -l; what has no value is there with an empty one.
base::Result<void> take_resources(const request::PlacedOption& one, PbsResources& resources);

/// All of them as options of submit.
base::Result<void> convert_resources(const PbsResources& resources, Translation& out);

/// "90" (seconds), "10:00", "24:0:0" and "1:00:00:00" (days first) as submit's --time has it.
std::optional<std::string> pbs_time(std::string_view text);

/// "4gb", "512mw", "1000" (bytes), in bytes.
std::optional<std::uint64_t> pbs_size(std::string_view text);

}  // namespace dialect
