#include "nodeprep/probe/gpu_states.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using Catch::Matchers::Contains;

namespace {

const std::vector<model::Gpu> both{{.uuid = "GPU-fake-0", .kind = "A", .pci = "0000:65:00.0"},
                                   {.uuid = "GPU-fake-1", .kind = "B", .pci = "0000:18:00.0"}};

class FakeHealth {
 public:
  FakeHealth() { setenv("FAKE_NVML_HEALTH", (root_ / "health").c_str(), 1); }
  ~FakeHealth() { unsetenv("FAKE_NVML_HEALTH"); }
  FakeHealth(const FakeHealth&) = delete;
  FakeHealth& operator=(const FakeHealth&) = delete;

  void set(int gpu, const std::string& text) {
    std::ofstream(root_ / ("health." + std::to_string(gpu))) << text;
  }

 private:
  support::TempFolder root_;
};

}  // namespace

TEST_CASE("all that the library tells of a GPU is read") {
  FakeHealth fake;
  const std::string text =
      "name: A\necc_volatile: 1\necc_aggregate: 2\nretired_single_bit: 3\nretired_double_bit: 4\n"
      "retirement_pending: yes\nremapped_correctable: 5\nremapped_uncorrectable: 6\n"
      "remap_pending: yes\nremap_failed: yes\nlink_width: 8\nlink_width_max: 16\n"
      "link_generation: 1\nlink_generation_max: 5\ntemperature: 61\nslowdown_temperature: 87\n"
      "clocks_event_reasons: 136\npersistent: no\n";
  fake.set(0, text);
  const auto states = probe::read_gpu_states(both, MUSTER_FAKE_NVML);
  REQUIRE(states.size() == 2);
  CHECK(states[0] == judge::recording_from_text("gpu: 0000:65:00.0\n" + text)->gpus.front());
  CHECK(states[1] == judge::GpuState{.pci = "0000:18:00.0", .name = "B", .health = {}});
}

TEST_CASE("a GPU that is lost, and one that is not in the list any more, are found") {
  FakeHealth fake;
  fake.set(1, "lost: it is gone\n");
  auto gpus = both;
  gpus[0].uuid = "GPU-other";
  const auto states = probe::read_gpu_states(gpus, MUSTER_FAKE_NVML);
  CHECK(states[0].health.lost == "it does not answer any more (nvmlDeviceGetHandleByUUID: code 6)");
  CHECK(states[1].health.lost == "it has fallen off the bus (nvmlDeviceGetTotalEccErrors)");
}

TEST_CASE("a driver that does not answer any more has lost the GPUs that it had") {
  setenv("FAKE_NVML_FAILS", "nvmlInit_v2", 1);
  auto gpus = both;
  gpus[1].uuid.clear();
  const auto states = probe::read_gpu_states(gpus, MUSTER_FAKE_NVML);
  unsetenv("FAKE_NVML_FAILS");
  CHECK(states[0].health.lost == "its driver does not answer: nvmlInit_v2 failed with code 9");
  CHECK(states[1].health.lost.empty());
}

TEST_CASE("without the library nothing is known") {
  const auto states = probe::read_gpu_states(both, "libno-such-library.so.1");
  REQUIRE(states.size() == 2);
  CHECK(states[0] == judge::GpuState{.pci = "0000:65:00.0", .name = "A", .health = {}});
}
