#include "lib/model/tier.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"

namespace model {

std::string_view to_text(Tier tier) {
  return tier == Tier::dedicated ? "dedicated" : "low-priority";
}

std::optional<Tier> tier_from_text(std::string_view text) {
  for (const auto tier : {Tier::dedicated, Tier::low_priority}) {
    if (to_text(tier) == text) return tier;
  }
  return std::nullopt;
}

base::Result<Tiers> tiers_from_text(std::string_view text) {
  Tiers tiers;
  if (text == "any") return tiers;
  for (const auto word : base::split(text, ',')) {
    const auto tier = tier_from_text(word);
    if (!tier || std::ranges::find(tiers, *tier) != tiers.end()) {
      return base::fail(base::Code::invalid,
                        fmt::format("expected dedicated, low-priority, both joined by a comma with "
                                    "the preferred one first, or any, found '{}'",
                                    base::printable(text)));
    }
    tiers.push_back(*tier);
  }
  return tiers;
}

std::string to_text(const Tiers& tiers) {
  std::string text;
  for (const auto tier : tiers) text += (text.empty() ? "" : ",") + std::string(to_text(tier));
  return text.empty() ? "any" : text;
}

bool may_use(const Tiers& tiers, Tier tier) {
  return tiers.empty() || std::ranges::find(tiers, tier) != tiers.end();
}

Tier preferred(const Tiers& tiers) {
  return tiers.empty() ? Tier::dedicated : tiers.front();
}

}  // namespace model
