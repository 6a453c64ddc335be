// Verdicts on states of GPUs that are written down in tests/gpus.

#include "nodeprep/judge/gpu_health.h"

#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using judge::GpuFitness;

namespace {

judge::Recording recorded(const std::string& name) {
  std::ifstream file(MUSTER_GPU_STATES "/" + name + ".states");
  std::ostringstream text;
  text << file.rdbuf();
  auto recording = judge::recording_from_text(text.str());
  REQUIRE(recording.has_value());
  REQUIRE(!recording->gpus.empty());
  return *std::move(recording);
}

/// On the last of its GPUs; as muster-nodeprep comes to it.
judge::GpuVerdict verdict_on(const std::string& name, const judge::GpuLimits& limits = {}) {
  const auto recording = recorded(name);
  judge::KernelLog log;
  const auto notes = judge::take_in(log, recording.kernel);
  auto xids = judge::xids_of(log);
  for (const auto& note : notes) {
    if (auto xid = judge::xid_in(note)) xids.push_back(*std::move(xid));
  }
  for (std::size_t i = 0; i + 1 < recording.gpus.size(); ++i)
    CHECK(judge::judge(recording.gpus[i], xids, limits) == judge::GpuVerdict());
  return judge::judge(recording.gpus.back(), xids, limits);
}

void check_failing(const std::string& name, const std::string& reason) {
  const auto verdict = verdict_on(name);
  CHECK(verdict.fitness == GpuFitness::failing);
  CHECK_THAT(verdict.reason, Contains(reason));
}

}  // namespace

TEST_CASE("GPUs that are well are, idle or at work, whatever happened long ago") {
  CHECK(verdict_on("a100-well") == judge::GpuVerdict());
  CHECK(verdict_on("h100-well", {.full_link = true}) == judge::GpuVerdict());
}

TEST_CASE("a driver that cannot tell is no fault") {
  CHECK(verdict_on("old-driver", {.full_link = true}) == judge::GpuVerdict());
}

TEST_CASE("memory that cannot be mended fails") {
  check_failing("a100-remap-failure", "a row of its memory could not be remapped");
  check_failing("a100-remap-failure", "Xid 64 (NVRM: Xid (PCI:0000:07:00): 64");
  check_failing("a100-volatile-ecc",
                "1 uncorrectable ECC error since its driver was loaded; a row of its "
                "memory is remapped only after a reset");
  check_failing("a100-volatile-ecc", "Xid 94");
}

TEST_CASE("a page that waits for its retirement fails by what NVML says, not by the log") {
  CHECK(
      verdict_on("v100-retirement-pending") ==
      judge::GpuVerdict{GpuFitness::failing, "a page of its memory is retired only after a reset"});
}

TEST_CASE("one of two that is lost fails alone") {
  check_failing("h100-lost", "it has fallen off the bus (nvmlDeviceGetTotalEccErrors); Xid 79 (");
}

TEST_CASE("one that is too hot fails, one that slows down is noted") {
  CHECK(verdict_on("a100-hot") ==
        judge::GpuVerdict{GpuFitness::failing, "it is at 90 degrees, and slows down from 89"});
  CHECK(verdict_on("h100-throttled") ==
        judge::GpuVerdict{GpuFitness::noted, "hardware slowdown; power brake"});
}

TEST_CASE("a narrow link fails where the pool wants it full") {
  const std::string text = "its PCIe link has 8 of 16 lanes";
  CHECK(verdict_on("a100-narrow-link") == judge::GpuVerdict{GpuFitness::noted, text});
  CHECK(verdict_on("a100-narrow-link", {.full_link = true}) ==
        judge::GpuVerdict{GpuFitness::failing, text});
}

TEST_CASE("a program's Xid is no fault of the GPU") {
  CHECK(verdict_on("h100-xid-13") == judge::GpuVerdict{GpuFitness::noted, "Xid 13, of a program"});
}

TEST_CASE("a recording that is wrong says where") {
  CHECK(judge::recording_from_text("temperature: 3\n").error().text ==
        "line 1: 'temperature: 3': expected a field of a GPU, below its line 'gpu: ADDRESS'");
  CHECK_THAT(judge::recording_from_text("# x\ngpu: 0000:01:00.0\nremap_pending: 1\n").error().text,
             StartsWith("line 3: "));
  CHECK_THAT(judge::recording_from_text("gpu: 0000:01:00.0\nhot: 3\n").error().text,
             StartsWith("line 2: "));
  CHECK_THAT(judge::recording_from_text("kernel: NVRM\n").error().text,
             Contains("expected a record as /dev/kmsg has it"));
  CHECK_THAT(judge::recording_from_text("nonsense\n").error().text, Contains("FIELD: VALUE"));
}
