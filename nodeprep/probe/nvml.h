#pragma once
// GPUs as NVIDIA's management library sees them. It comes with the driver, so it is loaded at run
// time and its few functions are declared here (NVML API reference, nvml.h).

#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"

namespace probe {

struct NvmlGpu {
  std::string uuid;  // "GPU-..."
  std::string name;
  std::string pci;  // "0000:65:00.0"
  base::Bytes memory;
  bool operator==(const NvmlGpu&) const = default;
};

constexpr const char* nvml_library = "libnvidia-ml.so.1";

/// errors: not_found without the library, io with NVML's code when it does not answer
base::Result<std::vector<NvmlGpu>> read_nvml(const std::string& library = nvml_library);

}  // namespace probe
