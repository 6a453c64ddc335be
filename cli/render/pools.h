#pragma once
// Pools as people read them.

#include <span>
#include <string>

#include "cli/render/records.h"
#include "lib/model/pool.h"

namespace render {

/// One line a pool: its size, and where its nodes stand; then what keeps pools from getting nodes.
std::string pool_table(std::span<const model::PoolRecord> pools, const View& view);

/// The last decisions about the nodes of all pools, oldest first.
std::string decision_table(std::span<const model::PoolRecord> pools, const View& view);

}  // namespace render
