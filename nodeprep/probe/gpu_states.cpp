#include "nodeprep/probe/gpu_states.h"

#include <utility>

namespace probe {

std::vector<judge::GpuState> read_gpu_states(const std::vector<model::Gpu>& gpus,
                                             const std::string& library) {
  std::vector<judge::GpuState> states;
  if (gpus.empty()) return states;
  const auto nvml = nvml::Library::open(library);
  for (const auto& gpu : gpus) {
    model::GpuHealth health;
    const bool is_known = !gpu.uuid.empty();  // NVML saw it when the agent began
    if (nvml && is_known) {
      health = nvml->health(gpu.uuid);
    } else if (!nvml && is_known && nvml.error().code != base::Code::not_found) {
      health.lost = "its driver does not answer: " + nvml.error().text;
    }
    states.push_back({.pci = gpu.pci, .name = gpu.kind, .health = std::move(health)});
  }
  return states;
}

}  // namespace probe
