#pragma once
// How much of the time kernels ran on the GPUs of a launch, and what memory was in use there.

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/loop/sampled.h"
#include "lib/model/index_set.h"
#include "lib/model/outcome.h"
#include "lib/model/topology.h"
#include "lib/nvml/nvml.h"

namespace exec {

/// Asks NVML once a second, off the launcher's thread: a GPU that has fallen off its bus makes such
/// a call hang. What NVML does not tell is not measured.
class GpuMeter {
 public:
  /// Nothing where there are no GPUs.
  void start(const model::Topology& topology, const model::GpuSet& gpus,
             base::Duration interval = std::chrono::seconds(1),
             const std::string& library = nvml::library_name);

  /// Of some of these since the beginning, together; nullopt while nothing is measured.
  std::optional<model::GpuUse> use(const model::GpuSet& gpus) const;
  /// Whether all of these have been looked at, and answer still.
  bool sees_all(const model::GpuSet& gpus) const;
  /// The most in use on one of them at the last look; 0 while nothing is measured.
  base::Bytes memory_now(const model::GpuSet& gpus) const;

 private:
  struct Measured {
    model::GpuUse use;
    base::Bytes memory;      // at the last look
    bool is_silent = false;  // it has stopped to answer
  };
  using Uses = std::map<int, Measured>;  // by place in the topology
  friend class GpuReader;
  std::optional<loop::Sampled<Uses>> uses_;
};

}  // namespace exec
