#pragma once
// The GPUs of a machine: NVML says what they are, hwloc where they are.

#include <optional>
#include <string>
#include <vector>

#include "lib/model/topology.h"
#include "lib/nvml/nvml.h"

namespace probe {

/// In PCI order. With NVML's list, exactly its GPUs, each at the place hwloc knows for its address.
/// Without, those on the PCI bus that the kernel driver has taken
/// (`root`/proc/driver/nvidia/gpus/ADDRESS/information): others cannot be used.
std::vector<model::Gpu> merge_gpus(const std::vector<model::Gpu>& on_bus,
                                   const std::optional<std::vector<nvml::Gpu>>& from_nvml,
                                   const std::string& root = "");

}  // namespace probe
