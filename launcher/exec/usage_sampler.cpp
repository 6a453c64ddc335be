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
constexpr base::Duration longest_pause = 30s;  // for peaks of memory in a long interval

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

void UsageSampler::look() {
  const auto now = count();
  most_.memory = std::max(most_.memory, now.memory);
  most_.gpu_memory = std::max(most_.gpu_memory, now.gpu_memory);
  if (loop::now() - point_began_ >= series_.interval) {
    model::add_point(series_,
                     {.cpu = std::max(now.cpu - before_.cpu, base::Duration()),
                      .memory = most_.memory,
                      .read = grown(before_.read, now.read),
                      .written = grown(before_.written, now.written),
                      .gpu_busy = std::max(now.gpu_busy - before_.gpu_busy, base::Duration()),
                      .gpu_memory = most_.gpu_memory});
    before_ = now;
    most_ = {};
    point_began_ = loop::now();
  }
  const auto left = point_began_ + series_.interval - loop::now();
  timer_.start(std::clamp<base::Duration>(left, 1ms, longest_pause));
}

}  // namespace exec
