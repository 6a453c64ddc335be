#include "scheduler/policy/avoid.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>

namespace policy {

namespace {

model::NodeChoice without(model::NodeChoice choice, std::span<const std::string> nodes) {
  choice.never.insert(choice.never.end(), nodes.begin(), nodes.end());
  std::ranges::sort(choice.never);
  choice.never.erase(std::ranges::unique(choice.never).begin(), choice.never.end());
  return choice;
}

bool could_run(const Timeline& timeline, const scheduler::JobKind& kind,
               const model::NodeChoice& choice) {
  const auto may_use = [&kind](const std::string& pool) {
    return kind.pool.empty() || kind.pool == pool;
  };
  const auto selection = timeline.kinds().select(may_use, choice);
  return timeline.fits_when_empty({.layout = kind.layout,
                                   .duration = {},
                                   .limit = {},
                                   .nodes = std::make_shared<const Selection>(selection)});
}

}  // namespace

model::NodeChoice choice_now(const Timeline& timeline, const scheduler::JobKind& kind) {
  for (std::span<const std::string> left(kind.avoided); !left.empty(); left = left.subspan(1)) {
    auto choice = without(kind.choice, left);
    if (could_run(timeline, kind, choice)) return choice;
  }
  return kind.choice;
}

}  // namespace policy
