#include "launcher/exec/meters.h"

#include "launcher/exec/launch.h"
#include "launcher/exec/processes.h"
#include "lib/loop/clock.h"

namespace exec {

Meters::Meters(loop::Loop& loop, const Launch& launch, const Processes& processes)
    : launch_(launch),
      gpu_idle_(loop, launch.dir, gpu_meter_, gpus_of(launch.order)),
      sampler_(loop, {.ended_cpu = [&processes] { return processes.usage().cpu; },
                      .group = launch.group ? &*launch.group : nullptr,
                      .gpu_meter = gpu_meter_,
                      .gpus = gpus_of(launch.order),
                      .tell = [this](const model::UsageSeries& series) { tell(series); }}) {}

void Meters::start() {
  gpu_meter_.start(launch_.topology, gpus_of(launch_.order));
  gpu_idle_.start(launch_.order.gpu_idle_notice);
  sampler_.start();
}

void Meters::fill(model::LaunchReport& report) const {
  report.usage.gpu = gpu_meter_.use(gpus_of(launch_.order));
  report.series = sampler_.series();
}

/// Who asks will have to do without what cannot be written.
void Meters::tell(const model::UsageSeries& series) const {
  (void)launch_.dir.write_usage({.key = launch_.order.key,
                                 .started_at = series.since,
                                 .ended_at = loop::now(),
                                 .series = series});
}

}  // namespace exec
