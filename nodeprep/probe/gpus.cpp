#include "nodeprep/probe/gpus.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/files.h"

namespace probe {

namespace {

constexpr std::size_t information_limit = std::size_t{1} << 16;

/// Without a place where the bus does not show it.
model::Gpu found_on_bus(const std::vector<model::Gpu>& on_bus, const std::string& pci) {
  const auto at = std::ranges::find(on_bus, pci, &model::Gpu::pci);
  return at == on_bus.end() ? model::Gpu{.pci = pci} : *at;
}

/// The value of a line "Name: \t value" of the driver's file.
std::string field(std::string_view text, std::string_view name) {
  for (const auto line : base::split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && base::trim(line.substr(0, colon)) == name) {
      return std::string(base::trim(line.substr(colon + 1)));
    }
  }
  return {};
}

}  // namespace

std::vector<model::Gpu> merge_gpus(const std::vector<model::Gpu>& on_bus,
                                   const std::optional<std::vector<nvml::Gpu>>& from_nvml,
                                   const std::string& root) {
  std::vector<model::Gpu> gpus;
  if (from_nvml) {
    for (const nvml::Gpu& known : *from_nvml) {
      auto gpu = found_on_bus(on_bus, known.pci);
      gpu.uuid = known.uuid;
      gpu.kind = known.name;
      gpu.memory = known.memory;
      gpus.push_back(std::move(gpu));
    }
  } else {
    for (model::Gpu gpu : on_bus) {
      const auto information = loop::read_file(
          root + "/proc/driver/nvidia/gpus/" + gpu.pci + "/information", information_limit);
      if (!information) continue;
      gpu.kind = field(*information, "Model");
      // The driver writes question marks until the GPU was first used.
      const std::string uuid = field(*information, "GPU UUID");
      if (uuid.find('?') == std::string::npos) gpu.uuid = uuid;
      gpus.push_back(std::move(gpu));
    }
  }
  std::sort(gpus.begin(), gpus.end(),
            [](const model::Gpu& a, const model::Gpu& b) { return a.pci < b.pci; });
  return gpus;
}

}  // namespace probe
