#include "scheduler/daemon/refusals.h"

#include <chrono>
#include <utility>

namespace musterd {

namespace {

constexpr std::size_t most_told = 1000;
constexpr base::Duration between_tellings = std::chrono::minutes(10);

}  // namespace

std::optional<std::size_t> Refusals::note(const std::string& key, base::Time now) {
  if (told_.size() >= most_told && !told_.contains(key)) {
    std::erase_if(told_,
                  [now](const auto& each) { return each.second.at + between_tellings <= now; });
    if (told_.size() >= most_told) return std::nullopt;  // of so many strangers these are enough
  }
  const auto [place, is_new] = told_.try_emplace(key, Told{.at = now, .n_since = 0});
  auto& told = place->second;
  ++told.n_since;
  if (!is_new && told.at + between_tellings > now) return std::nullopt;
  told.at = now;
  return std::exchange(told.n_since, 0);
}

}  // namespace musterd
