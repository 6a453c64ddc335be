#pragma once
// How the GPUs of a node are.

#include <string>
#include <vector>

#include "lib/model/topology.h"
#include "lib/nvml/nvml.h"
#include "nodeprep/judge/gpu_health.h"

namespace probe {

/// Of each of these, in their order. One that was there and is not any more is lost. Without the
/// library nothing is known of them.
std::vector<judge::GpuState> read_gpu_states(const std::vector<model::Gpu>& gpus,
                                             const std::string& library = nvml::library_name);

}  // namespace probe
