#pragma once
// One node for people: how it is, and why it takes no work.

#include <string>

#include "cli/render/records.h"
#include "lib/model/condition.h"
#include "lib/model/record.h"

namespace render {

std::string node_block(const model::NodeRecord& node, const View& view);

/// The last lines of what failed, set in; empty: it said nothing.
std::string output_block(const model::NodeCondition& condition);

}  // namespace render
