#include "nodeprep/probe/nvml.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <memory>

namespace probe {

namespace {

using Device = void*;

/// nvmlPciInfo_t.
struct PciInfo {
  std::array<char, 16> bus_id_legacy;
  unsigned domain;
  unsigned bus;
  unsigned device;
  unsigned device_id;
  unsigned subsystem_id;
  std::array<char, 32> bus_id;
};

/// nvmlMemory_t.
struct MemoryInfo {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

constexpr int success = 0;
constexpr unsigned text_size = 96;  // the largest that NVML asks for

struct Unload {
  void operator()(void* library) const { dlclose(library); }
};

/// The loaded library; every call names its function in the error.
class Nvml {
 public:
  static base::Result<Nvml> load(const std::string& path) {
    Nvml nvml;
    nvml.library_.reset(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
    if (nvml.library_ == nullptr) {
      return base::fail(base::Code::not_found, fmt::format("cannot load '{}'", path));
    }
    return nvml;
  }

  template <class... Arguments>
  base::Result<void> call(const char* name, Arguments... arguments) const {
    using Function = int (*)(Arguments...);
    const auto function = reinterpret_cast<Function>(dlsym(library_.get(), name));
    if (function == nullptr) {
      return base::fail(base::Code::io, fmt::format("the NVIDIA library has no {}", name));
    }
    if (const int code = function(arguments...); code != success) {
      return base::fail(base::Code::io, fmt::format("{} failed with code {}", name, code));
    }
    return {};
  }

 private:
  std::unique_ptr<void, Unload> library_;
};

base::Result<std::string> read_text(const Nvml& nvml, const char* name, Device device) {
  std::array<char, text_size> text{};
  const auto done = nvml.call(name, device, text.data(), text_size);
  if (!done) return std::unexpected(done.error());
  text.back() = '\0';
  return std::string(text.data());
}

base::Result<NvmlGpu> read_gpu(const Nvml& nvml, unsigned index) {
  Device device = nullptr;
  auto done = nvml.call("nvmlDeviceGetHandleByIndex_v2", index, &device);
  if (!done) return std::unexpected(done.error());
  auto uuid = read_text(nvml, "nvmlDeviceGetUUID", device);
  if (!uuid) return std::unexpected(std::move(uuid).error());
  auto name = read_text(nvml, "nvmlDeviceGetName", device);
  if (!name) return std::unexpected(std::move(name).error());
  PciInfo pci{};
  done = nvml.call("nvmlDeviceGetPciInfo_v3", device, &pci);
  if (!done) return std::unexpected(done.error());
  MemoryInfo memory{};
  done = nvml.call("nvmlDeviceGetMemoryInfo", device, &memory);
  if (!done) return std::unexpected(done.error());
  return NvmlGpu{.uuid = *std::move(uuid),
                 .name = *std::move(name),
                 .pci = fmt::format("{:04x}:{:02x}:{:02x}.0", pci.domain, pci.bus, pci.device),
                 .memory = base::Bytes(memory.total)};
}

base::Result<std::vector<NvmlGpu>> read_gpus(const Nvml& nvml) {
  unsigned count = 0;
  const auto counted = nvml.call("nvmlDeviceGetCount_v2", &count);
  if (!counted) return std::unexpected(counted.error());
  std::vector<NvmlGpu> gpus;
  for (unsigned index = 0; index < count; ++index) {
    auto gpu = read_gpu(nvml, index);
    if (!gpu) return std::unexpected(std::move(gpu).error());
    gpus.push_back(*std::move(gpu));
  }
  return gpus;
}

}  // namespace

base::Result<std::vector<NvmlGpu>> read_nvml(const std::string& library) {
  const auto nvml = Nvml::load(library);
  if (!nvml) return std::unexpected(nvml.error());
  const auto ready = nvml->call("nvmlInit_v2");
  if (!ready) return std::unexpected(ready.error());
  auto gpus = read_gpus(*nvml);
  // What was read stays right even if the library cannot let go in good order.
  (void)nvml->call("nvmlShutdown");
  return gpus;
}

}  // namespace probe
