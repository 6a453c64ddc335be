#include "launcher/exec/gpu_meter.h"

#include <chrono>

#include "lib/loop/clock.h"
#include "tests/support/catch.h"

namespace {

using namespace std::chrono_literals;

constexpr auto interval = 10ms;

/// Two that the stand-in has, the first busy and the second half so, and one that it has not.
model::Topology machine() {
  model::Topology made;
  for (const auto* uuid : {"GPU-fake-0", "GPU-fake-1", "GPU-another"})
    made.gpus.push_back({.uuid = uuid});
  return made;
}

const model::GpuSet all = model::GpuSet::range(0, 3);

/// What is known of these once they were watched for a while.
std::optional<model::GpuUse> later(const exec::GpuMeter& meter, const model::GpuSet& gpus) {
  const loop::Elapsed elapsed;
  auto use = meter.use(gpus);
  while ((!use || use->watched < 200ms) && elapsed.so_far() < 20s) use = meter.use(gpus);
  return use;
}

bool measures_nothing(const std::string& library) {
  exec::GpuMeter meter;
  meter.start(machine(), all, interval, library);
  const loop::Elapsed elapsed;
  while (elapsed.so_far() < 20 * interval) {
    if (meter.use(all)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("what GPUs do is summed up over the time that they are watched") {
  exec::GpuMeter meter;
  CHECK_FALSE(meter.use(all));
  meter.start(machine(), all, interval, MUSTER_FAKE_NVML);
  const auto both = later(meter, all);
  REQUIRE(both);
  CHECK(model::busy_text(*both) == "75%");
  CHECK(both->memory_peak == base::Bytes(5ULL << 30));
  CHECK(model::busy_text(*later(meter, model::GpuSet::range(0, 1))) == "100%");
  CHECK(model::busy_text(*later(meter, model::GpuSet::range(1, 1))) == "50%");
  CHECK_FALSE(meter.use(model::GpuSet::range(2, 1)));
  CHECK_FALSE(meter.use({}));
}

TEST_CASE("nothing is known of GPUs that cannot tell, nor without the library") {
  CHECK(measures_nothing("libno-such-library.so.1"));
  setenv("FAKE_NVML_FAILS", "nvmlDeviceGetUtilizationRates", 1);
  CHECK(measures_nothing(MUSTER_FAKE_NVML));
  setenv("FAKE_NVML_FAILS", "nvmlInit_v2", 1);
  CHECK(measures_nothing(MUSTER_FAKE_NVML));
  unsetenv("FAKE_NVML_FAILS");
}
