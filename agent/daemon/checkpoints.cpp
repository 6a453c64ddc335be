#include "agent/daemon/checkpoints.h"

#include <sys/stat.h>

#include <utility>

namespace agentd {

namespace {

constexpr base::Duration period = std::chrono::seconds(1);
constexpr time_t latest_s = 253'402'300'799;  // of the year 9999

std::optional<base::Time> touched_at(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto& time = status.st_mtim;
  if (time.tv_sec < 0 || time.tv_sec > latest_s) return std::nullopt;
  return plausible(base::Time(
      std::chrono::seconds(time.tv_sec) +
      std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(time.tv_nsec))));
}

}  // namespace

Checkpoints::Checkpoints(loop::Loop& loop, const LaunchDirs& dirs, Tell tell)
    : dirs_(dirs), tell_(std::move(tell)), timer_(loop, [this] { look(); }) {}

void Checkpoints::watch(const model::LaunchKey& key) {
  told_.try_emplace(key);
  if (!timer_.is_running()) timer_.start_repeating(period);
}

void Checkpoints::forget(const model::LaunchKey& key) {
  const auto found = told_.find(key);
  if (found == told_.end()) return;
  look_at(key, found->second);
  told_.erase(found);
  if (told_.empty()) timer_.stop();
}

void Checkpoints::tell_again() {
  for (auto& [key, told] : told_) told.reset();
}

void Checkpoints::look() {
  for (auto& [key, told] : told_) look_at(key, told);
}

void Checkpoints::look_at(const model::LaunchKey& key, std::optional<base::Time>& told) {
  const auto at = touched_at(dirs_.own(key).file("checkpoint"));
  if (at && at != told && tell_({key, *at})) told = at;
}

}  // namespace agentd
