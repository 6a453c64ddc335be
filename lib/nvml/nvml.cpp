#include "lib/nvml/nvml.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

namespace nvml {

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

/// nvmlUtilization_t, in percent.
struct Utilization {
  unsigned gpu;
  unsigned memory;
};

constexpr int success = 0;
constexpr unsigned text_size = 96;  // the largest that NVML asks for

}  // namespace

/// Every call names its function in the error.
class Library::Calls {
 public:
  explicit Calls(void* library) : library_(library) {}
  // What was read stays right even if the library cannot let go in good order.
  ~Calls() { (void)call("nvmlShutdown"); }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

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

  base::Result<std::string> text(const char* name, Device device) const {
    std::array<char, text_size> text{};
    const auto done = call(name, device, text.data(), text_size);
    if (!done) return std::unexpected(done.error());
    text.back() = '\0';
    return std::string(text.data());
  }

 private:
  struct Unload {
    void operator()(void* library) const { dlclose(library); }
  };
  std::unique_ptr<void, Unload> library_;
};

base::Result<Library> Library::open(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return base::fail(base::Code::not_found, fmt::format("cannot load '{}'", path));
  }
  auto calls = std::make_shared<const Calls>(library);
  if (auto ready = calls->call("nvmlInit_v2"); !ready) return std::unexpected(ready.error());
  return Library(std::move(calls));
}

base::Result<Gpu> Library::read_gpu(const Calls& calls, unsigned index) {
  Device device = nullptr;
  auto done = calls.call("nvmlDeviceGetHandleByIndex_v2", index, &device);
  if (!done) return std::unexpected(done.error());
  auto uuid = calls.text("nvmlDeviceGetUUID", device);
  if (!uuid) return std::unexpected(std::move(uuid).error());
  auto name = calls.text("nvmlDeviceGetName", device);
  if (!name) return std::unexpected(std::move(name).error());
  PciInfo pci{};
  done = calls.call("nvmlDeviceGetPciInfo_v3", device, &pci);
  if (!done) return std::unexpected(done.error());
  MemoryInfo memory{};
  done = calls.call("nvmlDeviceGetMemoryInfo", device, &memory);
  if (!done) return std::unexpected(done.error());
  return Gpu{.uuid = *std::move(uuid),
             .name = *std::move(name),
             .pci = fmt::format("{:04x}:{:02x}:{:02x}.0", pci.domain, pci.bus, pci.device),
             .memory = base::Bytes(memory.total)};
}

base::Result<std::vector<Gpu>> Library::gpus() const {
  unsigned count = 0;
  const auto counted = calls_->call("nvmlDeviceGetCount_v2", &count);
  if (!counted) return std::unexpected(counted.error());
  std::vector<Gpu> gpus;
  for (unsigned index = 0; index < count; ++index) {
    auto gpu = read_gpu(*calls_, index);
    if (!gpu) return std::unexpected(std::move(gpu).error());
    gpus.push_back(*std::move(gpu));
  }
  return gpus;
}

base::Result<Activity> Library::activity(const std::string& uuid) const {
  Device device = nullptr;
  auto done = calls_->call("nvmlDeviceGetHandleByUUID", uuid.c_str(), &device);
  if (!done) return std::unexpected(done.error());
  Utilization utilization{};
  done = calls_->call("nvmlDeviceGetUtilizationRates", device, &utilization);
  if (!done) return std::unexpected(done.error());
  MemoryInfo memory{};
  done = calls_->call("nvmlDeviceGetMemoryInfo", device, &memory);
  if (!done) return std::unexpected(done.error());
  return Activity{.busy_percent = static_cast<int>(utilization.gpu),
                  .memory = base::Bytes(memory.used)};
}

base::Result<std::vector<Gpu>> read_gpus(const std::string& path) {
  const auto library = Library::open(path);
  if (!library) return std::unexpected(library.error());
  return library->gpus();
}

}  // namespace nvml
