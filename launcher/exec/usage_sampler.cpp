#include "launcher/exec/usage_sampler.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "launcher/exec/descendants.h"
#include "launcher/exec/proc_file.h"
#include "launcher/map/process_use.h"
#include "lib/loop/clock.h"

namespace exec {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration first_interval = 1s;
constexpr base::Duration longest_pause = 30s;    // for peaks of memory in a long interval
constexpr base::Duration between_tellings = 5s;  // of the series up to now

/// Of processes that live now.
mapping::ProcessUse living() {
  const mapping::Units units{.ticks_per_second = sysconf(_SC_CLK_TCK),
                             .page_size = sysconf(_SC_PAGESIZE)};
  mapping::ProcessUse sum;
  for (const pid_t pid : descendants()) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const auto use = mapping::process_use(read_proc(folder + "/stat").value_or(""),
                                          read_proc(folder + "/io").value_or(""), units);
    if (!use) continue;
    sum.cpu += use->cpu;
    sum.memory += use->memory;
    sum.read += use->read;
    sum.written += use->written;
  }
  return sum;
}

/// Processes that end take along what they read and wrote.
base::Bytes grown(base::Bytes before, base::Bytes now) {
  return now > before ? now - before : base::Bytes();
}

}  // namespace

UsageSampler::UsageSampler(loop::Loop& loop, Sources sources)
    : sources_(std::move(sources)), timer_(loop, [this] { look(); }) {}

void UsageSampler::start() {
  series_ = {.since = loop::now(), .interval = first_interval, .points = {}};
  point_began_ = series_.since;
  timer_.start(first_interval);
}

model::UsagePoint UsageSampler::count() const {
  const auto use = living();
  model::UsagePoint now{.cpu = use.cpu + sources_.ended_cpu(),
                        .memory = use.memory,
                        .read = use.read,
                        .written = use.written,
                        .gpu_busy = {},
                        .gpu_memory = sources_.gpu_meter.memory_now(sources_.gpus)};
  const auto in_group = sources_.group == nullptr ? base::Bytes() : sources_.group->memory_now();
  if (in_group > base::Bytes()) now.memory = in_group;
  if (const auto gpu = sources_.gpu_meter.use(sources_.gpus)) now.gpu_busy = gpu->busy;
  return now;
}

void UsageSampler::note_most(const model::UsagePoint& now) {
  most_.memory = std::max(most_.memory, now.memory);
  most_.gpu_memory = std::max(most_.gpu_memory, now.gpu_memory);
  most_.read = std::max(most_.read, now.read);
  most_.written = std::max(most_.written, now.written);
}

model::UsagePoint UsageSampler::point_until(const model::UsagePoint& now) const {
  return {.cpu = std::max(now.cpu - before_.cpu, base::Duration()),
          .memory = std::max(most_.memory, now.memory),
          .read = grown(before_.read, std::max(most_.read, now.read)),
          .written = grown(before_.written, std::max(most_.written, now.written)),
          .gpu_busy = std::max(now.gpu_busy - before_.gpu_busy, base::Duration()),
          .gpu_memory = std::max(most_.gpu_memory, now.gpu_memory)};
}

model::UsageSeries UsageSampler::series() const {
  auto series = series_;
  if (!series.points.empty())
    model::add_rest(series, point_until(count()), loop::now() - point_began_);
  return series;
}

void UsageSampler::look() {
  const auto at = loop::now();
  const auto now = count();
  note_most(now);
  if (at - point_began_ >= series_.interval) {
    model::add_point(series_, point_until(now));
    before_ = now;
    most_ = {};
    point_began_ = at;
  }
  if (!told_at_ || at < *told_at_ || at - *told_at_ >= between_tellings) {
    told_at_ = at;
    auto series = series_;
    model::add_rest(series, point_until(now), at - point_began_);
    sources_.tell(series);
  }
  const auto left = point_began_ + series_.interval - loop::now();
  timer_.start(std::clamp<base::Duration>(left, 1ms, longest_pause));
}

}  // namespace exec
