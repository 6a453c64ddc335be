#include "launcher/exec/gpu_idle.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "launcher/exec/launch_dir.h"
#include "lib/loop/clock.h"

namespace exec {

namespace {

constexpr base::Duration longest_look = std::chrono::seconds(10);
constexpr base::Duration shortest_look = std::chrono::milliseconds(200);

}  // namespace

GpuIdleWatch::GpuIdleWatch(loop::Loop& loop, const LaunchDir& dir, const GpuMeter& meter,
                           const model::GpuSet& gpus)
    : dir_(dir), meter_(meter), gpus_(gpus), timer_(loop, [this] { look(); }) {}

void GpuIdleWatch::start(base::Duration notice) {
  notice_ = notice;
  if (notice <= base::Duration() || gpus_.empty()) return;
  timer_.start_repeating(std::clamp(notice / 4, shortest_look, longest_look));
}

/// Where nobody can tell what they do, nothing is said.
void GpuIdleWatch::look() {
  const auto use = meter_.use(gpus_);
  if (!use) return;
  const bool has_worked = use->busy != std::exchange(busy_, use->busy);
  if (!since_ || has_worked || !meter_.sees_all(gpus_)) {
    since_ = loop::now();
    idle_ = loop::Elapsed();
  }
  const bool is_idle = idle_.so_far() >= notice_;
  if (is_idle == is_said_) return;
  is_said_ = is_idle;
  const auto noted = dir_.note_idle_gpus(is_idle ? since_ : std::nullopt);
  if (!noted) dir_.note(noted.error().text);
}

}  // namespace exec
