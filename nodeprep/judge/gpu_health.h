#pragma once
// Whether each GPU of a node may go to jobs: the verdict on what its driver and the kernel's log
// say.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "nodeprep/judge/kernel_log.h"

namespace judge {

/// As it was found. What it or its driver cannot tell is absent, and no fault.
struct GpuState {
  std::string pci;                             // "0000:3b:00.0"
  std::string name;                            // of its kind
  std::string lost;                            // why it does not answer; empty: it does
  std::optional<std::uint64_t> ecc_volatile;   // uncorrected errors since the driver was loaded
  std::optional<std::uint64_t> ecc_aggregate;  // the same over its life
  std::optional<unsigned> retired_single_bit;  // pages, for that cause
  std::optional<unsigned> retired_double_bit;
  std::optional<bool> is_retirement_pending;
  std::optional<unsigned> remapped_correctable;  // rows, for that cause
  std::optional<unsigned> remapped_uncorrectable;
  std::optional<bool> is_remap_pending;
  std::optional<bool> has_remap_failed;
  std::optional<unsigned> link_width;  // lanes of PCIe
  std::optional<unsigned> link_width_max;
  std::optional<unsigned> link_generation;  // lower while it has nothing to do
  std::optional<unsigned> link_generation_max;
  std::optional<unsigned> temperature;  // degrees Celsius
  std::optional<unsigned> slowdown_temperature;
  std::optional<std::uint64_t> clocks_event_reasons;  // bits, as NVML defines them
  std::optional<bool> is_persistent;                  // the driver stays without clients
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
