#pragma once
// What scontrol show prints. Pure but for the local time zone.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/compat/node_fields.h"
#include "cli/compat/slurm_format.h"
#include "lib/model/record.h"

namespace compat {

/// KEY=VALUE in groups of several lines; `one_line` puts all on one.
std::string job_text(const model::JobRecord& job, const Surroundings& with, bool one_line);
std::string node_text(const model::NodeRecord& node, bool one_line);
std::string partition_text(const NodeGroup& group, bool one_line);
std::string booking_text(const model::BookingRecord& booking, bool one_line);

}  // namespace compat
