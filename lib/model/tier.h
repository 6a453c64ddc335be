#pragma once
// How sure a node is to stay.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace model {

enum class Tier {
  dedicated,    // it stays until its pool lets it go
  low_priority  // cheaper, and may be taken at any moment
};

std::string_view to_text(Tier tier);
std::optional<Tier> tier_from_text(std::string_view text);

/// Those that a request may use, the one that it would rather have first; none: any.
using Tiers = std::vector<Tier>;

/// "any", "low-priority", "low-priority,dedicated". errors: invalid
base::Result<Tiers> tiers_from_text(std::string_view text);
std::string to_text(const Tiers& tiers);

bool may_use(const Tiers& tiers, Tier tier);

/// The tier that is tried first: without a wish, dedicated.
Tier preferred(const Tiers& tiers);

}  // namespace model
