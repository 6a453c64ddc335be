#include "launcher/exec/gpu_meter.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "lib/loop/clock.h"

namespace exec {

/// Lives on the meter's thread.
class GpuReader {
 public:
  GpuReader(std::string path, std::map<int, std::string> uuids)
      : path_(std::move(path)), uuids_(std::move(uuids)) {}

  std::optional<GpuMeter::Uses> look() {
    if (uuids_.empty() || !open()) return std::nullopt;
    const auto since_last = std::exchange(last_, loop::Elapsed()).so_far();
    std::erase_if(uuids_, [&](const auto& gpu) {
      const auto activity = library_->activity(gpu.second);
      if (activity) add(uses_[gpu.first], *activity, since_last);
      if (!activity) uses_[gpu.first].is_silent = true;
      return !activity.has_value();
    });
    return uses_;
  }

 private:
  bool open() {
    if (library_) return true;
    auto library = nvml::Library::open(path_);
    if (!library) return false;
    library_.emplace(*std::move(library));
    last_ = loop::Elapsed();
    return true;
  }

  static void add(GpuMeter::Measured& gpu, const nvml::Activity& activity, base::Duration time) {
    gpu.use.watched += time;
    gpu.use.busy += time * activity.busy_percent / 100;
    gpu.use.memory_peak = std::max(gpu.use.memory_peak, activity.memory);
    gpu.memory = activity.memory;
  }

  std::string path_;
  std::map<int, std::string> uuids_;  // those that still answer
  std::optional<nvml::Library> library_;
  loop::Elapsed last_;
  GpuMeter::Uses uses_;
};

namespace {

std::map<int, std::string> uuids_of(const model::Topology& topology, const model::GpuSet& gpus) {
  std::map<int, std::string> uuids;
  for (const int gpu : gpus.members()) {
    const auto& uuid = topology.gpus[static_cast<std::size_t>(gpu)].uuid;
    if (!uuid.empty()) uuids.emplace(gpu, uuid);
  }
  return uuids;
}

}  // namespace

void GpuMeter::start(const model::Topology& topology, const model::GpuSet& gpus,
                     base::Duration interval, const std::string& library) {
  auto uuids = uuids_of(topology, gpus);
  if (uuids.empty()) return;
  uses_.emplace(interval, [reader = std::make_shared<GpuReader>(library, std::move(uuids))] {
    return reader->look();
  });
}

std::optional<model::GpuUse> GpuMeter::use(const model::GpuSet& gpus) const {
  if (!uses_) return std::nullopt;
  const auto uses = uses_->latest();
  std::optional<model::GpuUse> sum;
  for (const int gpu : gpus.members()) {
    const auto use = uses.find(gpu);
    if (use != uses.end() && use->second.use.watched > base::Duration())
      model::add_to(sum, use->second.use);
  }
  return sum;
}

bool GpuMeter::sees_all(const model::GpuSet& gpus) const {
  if (!uses_) return false;
  const auto uses = uses_->latest();
  return std::ranges::all_of(gpus.members(), [&uses](int gpu) {
    const auto use = uses.find(gpu);
    return use != uses.end() && !use->second.is_silent;
  });
}

base::Bytes GpuMeter::memory_now(const model::GpuSet& gpus) const {
  base::Bytes most;
  if (!uses_) return most;
  for (const auto& [gpu, measured] : uses_->latest()) {
    if (gpus.contains(gpu)) most = std::max(most, measured.memory);
  }
  return most;
}

}  // namespace exec
