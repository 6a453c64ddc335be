#include "agent/daemon/gpu_reports.h"

#include <chrono>
#include <limits>
#include <utility>

#include "lib/base/text.h"

namespace agentd {

namespace {

constexpr base::Duration look_period = std::chrono::seconds(1);
constexpr std::size_t idle_file_limit = 64;

std::optional<base::Time> idle_since(const base::Result<std::string>& text) {
  if (!text) return std::nullopt;
  const auto us = base::parse_int(base::trim(*text), 0, std::numeric_limits<std::int64_t>::max());
  return us ? plausible(base::time_from_us(*us)) : std::nullopt;
}

}  // namespace

GpuReports::GpuReports(loop::Loop& loop, const LaunchDirs& dirs, Tell tell)
    : dirs_(dirs), tell_(std::move(tell)), timer_(loop, [this] { look(); }) {}

void GpuReports::watch(const model::LaunchKey& key) {
  told_.try_emplace(key);
  if (!timer_.is_running()) timer_.start_repeating(look_period);
}

void GpuReports::forget(const model::LaunchKey& key) {
  told_.erase(key);
  if (told_.empty()) timer_.stop();
}

void GpuReports::tell_again() {
  for (auto& [key, told] : told_) told.reset();
}

void GpuReports::look() {
  for (auto& [key, told] : told_) {
    const auto since = idle_since(dirs_.own(key).read("gpus_idle", idle_file_limit));
    if ((!told || *told != since) && tell_({key, since})) told = since;
  }
}

}  // namespace agentd
