#pragma once
// Whether each GPU of a node may go to jobs: the verdict on what its driver and the kernel's log
// say.

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/gpu_health.h"
#include "nodeprep/judge/kernel_log.h"

namespace judge {

/// As it was found.
struct GpuState {
  std::string pci;   // "0000:3b:00.0"
  std::string name;  // of its kind
  model::GpuHealth health;
  bool operator==(const GpuState&) const = default;
};

/// What the site wants of them.
struct GpuLimits {
  bool full_link = false;  // as many lanes as GPU and slot can have
};

enum class GpuFitness { well, noted, failing };

struct GpuVerdict {
  GpuFitness fitness = GpuFitness::well;
  std::string reason;  // one sentence; of a well one empty
  bool operator==(const GpuVerdict&) const = default;
};

/// All that is wrong with it is said. Xids of other GPUs are left alone.
GpuVerdict judge(const GpuState& gpu, const std::vector<Xid>& xids, const GpuLimits& limits);

/// States that were written down: of each GPU a line "gpu: ADDRESS", then one "FIELD: VALUE" for
/// what is known of it, and for each record of the kernel's log "kernel: RECORD", as /dev/kmsg has
/// it. Lines that begin with # are comments. nodeprep --gpu-states reads it in place of the driver.
struct Recording {
  std::vector<GpuState> gpus;
  std::vector<KernelRecord> kernel;
};

/// errors: invalid, with the line
base::Result<Recording> recording_from_text(std::string_view text);

}  // namespace judge
