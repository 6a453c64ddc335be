#include "nodeprep/probe/gpu_states.h"

#include <utility>

namespace probe {

namespace {

judge::GpuState state_of(const model::Gpu& gpu, nvml::Health health) {
  return {.pci = gpu.pci,
          .name = gpu.kind,
          .lost = std::move(health.lost),
          .ecc_volatile = health.ecc_volatile,
          .ecc_aggregate = health.ecc_aggregate,
          .retired_single_bit = health.retired_single_bit,
          .retired_double_bit = health.retired_double_bit,
          .is_retirement_pending = health.is_retirement_pending,
          .remapped_correctable = health.remapped_correctable,
          .remapped_uncorrectable = health.remapped_uncorrectable,
          .is_remap_pending = health.is_remap_pending,
          .has_remap_failed = health.has_remap_failed,
          .link_width = health.link_width,
          .link_width_max = health.link_width_max,
          .link_generation = health.link_generation,
          .link_generation_max = health.link_generation_max,
          .temperature = health.temperature,
          .slowdown_temperature = health.slowdown_temperature,
          .clocks_event_reasons = health.clocks_event_reasons,
          .is_persistent = health.is_persistent};
}

}  // namespace

std::vector<judge::GpuState> read_gpu_states(const std::vector<model::Gpu>& gpus,
                                             const std::string& library) {
  std::vector<judge::GpuState> states;
  if (gpus.empty()) return states;
  const auto nvml = nvml::Library::open(library);
  for (const auto& gpu : gpus) {
    nvml::Health health;
    const bool is_known = !gpu.uuid.empty();  // NVML saw it when the agent began
    if (nvml && is_known) {
      health = nvml->health(gpu.uuid);
    } else if (!nvml && is_known && nvml.error().code != base::Code::not_found) {
      health.lost = "its driver does not answer: " + nvml.error().text;
    }
    states.push_back(state_of(gpu, std::move(health)));
  }
  return states;
}

}  // namespace probe
