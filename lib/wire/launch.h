#pragma once
// The files `order` and `report` of a launch directory: what a launcher is to do, and what came of
// it.

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/launch.h"
#include "lib/model/outcome.h"

namespace wire {

std::string encode_order(const model::LaunchOrder& order);
std::string encode_report(const model::LaunchReport& report);

/// errors: corrupt, naming the field. An accepted order is sound: its indices are inside the
/// allocation, a step has tasks on its node and on no more nodes than the allocation.
base::Result<model::LaunchOrder> decode_order(std::string_view bytes);
base::Result<model::LaunchReport> decode_report(std::string_view bytes);

}  // namespace wire
