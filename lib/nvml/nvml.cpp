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
constexpr int insufficient_size = 7;
constexpr int function_not_found = 13;
constexpr int gpu_is_lost = 15;
constexpr int reset_required = 16;

// Of nvmlMemoryErrorType_t, nvmlEccCounterType_t, nvmlPageRetirementCause_t,
// nvmlTemperatureSensors_t and nvmlTemperatureThresholds_t.
constexpr unsigned uncorrected = 1;
constexpr unsigned volatile_counter = 0;
constexpr unsigned aggregate_counter = 1;
constexpr unsigned multiple_single_bit = 0;
constexpr unsigned double_bit = 1;
constexpr unsigned sensor_gpu = 0;
constexpr unsigned threshold_slowdown = 1;

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

  /// As NVML has it, also for a function that this library lacks.
  template <class... Arguments>
  int code(const char* name, Arguments... arguments) const {
    using Function = int (*)(Arguments...);
    const auto function = reinterpret_cast<Function>(dlsym(library_.get(), name));
    return function == nullptr ? function_not_found : function(arguments...);
  }

  template <class... Arguments>
  base::Result<void> call(const char* name, Arguments... arguments) const {
    const int result = code(name, arguments...);
    if (result == success) return {};
    if (result == function_not_found)
      return base::fail(base::Code::io, fmt::format("the NVIDIA library has no {}", name));
    return base::fail(base::Code::io, fmt::format("{} failed with code {}", name, result));
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

/// Asks one GPU. The first call that finds it gone says so.
class Library::Questions {
 public:
  Questions(const Calls& calls, Device device) : calls_(calls), device_(device) {}

  /// The last argument of the function.
  template <class Value, class... Arguments>
  std::optional<Value> ask(const char* name, Arguments... arguments) {
    Value value{};
    return note(name, calls_.code(name, device_, arguments..., &value)) ? std::optional(value)
                                                                        : std::nullopt;
  }
  std::optional<bool> ask_flag(const char* name) {
    const auto state = ask<int>(name);  // nvmlEnableState_t
    return state ? std::optional(*state != 0) : std::nullopt;
  }
  /// How many, without a place for their addresses.
  std::optional<unsigned> ask_retired(unsigned cause) {
    constexpr const char* name = "nvmlDeviceGetRetiredPages";
    unsigned count = 0;
    unsigned long long* nowhere = nullptr;
    const int code = calls_.code(name, device_, cause, &count, nowhere);
    const bool is_told = code == insufficient_size || note(name, code);
    return is_told ? std::optional(count) : std::nullopt;
  }
  void ask_remapped(model::GpuHealth& health) {
    constexpr const char* name = "nvmlDeviceGetRemappedRows";
    unsigned correctable = 0;
    unsigned uncorrectable = 0;
    unsigned is_pending = 0;
    unsigned has_failed = 0;
    if (!note(name,
              calls_.code(name, device_, &correctable, &uncorrectable, &is_pending, &has_failed)))
      return;
    health.remapped_correctable = correctable;
    health.remapped_uncorrectable = uncorrectable;
    health.is_remap_pending = is_pending != 0;
    health.has_remap_failed = has_failed != 0;
  }
  const std::string& lost() const { return lost_; }

 private:
  bool note(const char* name, int code) {
    if (lost_.empty() && code == gpu_is_lost)
      lost_ = fmt::format("it has fallen off the bus ({})", name);
    if (lost_.empty() && code == reset_required) lost_ = fmt::format("it needs a reset ({})", name);
    return code == success;
  }

  const Calls& calls_;
  Device device_;
  std::string lost_;
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

model::GpuHealth Library::health(const std::string& uuid) const {
  Device device = nullptr;
  const int found = calls_->code("nvmlDeviceGetHandleByUUID", uuid.c_str(), &device);
  model::GpuHealth health;
  if (found != success) {
    health.lost =
        fmt::format("it does not answer any more (nvmlDeviceGetHandleByUUID: code {})", found);
    return health;
  }
  Questions gpu(*calls_, device);
  using Count = unsigned long long;
  health.ecc_volatile =
      gpu.ask<Count>("nvmlDeviceGetTotalEccErrors", uncorrected, volatile_counter);
  health.ecc_aggregate =
      gpu.ask<Count>("nvmlDeviceGetTotalEccErrors", uncorrected, aggregate_counter);
  health.retired_single_bit = gpu.ask_retired(multiple_single_bit);
  health.retired_double_bit = gpu.ask_retired(double_bit);
  health.is_retirement_pending = gpu.ask_flag("nvmlDeviceGetRetiredPagesPendingStatus");
  gpu.ask_remapped(health);
  health.link_width = gpu.ask<unsigned>("nvmlDeviceGetCurrPcieLinkWidth");
  health.link_width_max = gpu.ask<unsigned>("nvmlDeviceGetMaxPcieLinkWidth");
  health.link_generation = gpu.ask<unsigned>("nvmlDeviceGetCurrPcieLinkGeneration");
  health.link_generation_max = gpu.ask<unsigned>("nvmlDeviceGetMaxPcieLinkGeneration");
  health.temperature = gpu.ask<unsigned>("nvmlDeviceGetTemperature", sensor_gpu);
  health.slowdown_temperature =
      gpu.ask<unsigned>("nvmlDeviceGetTemperatureThreshold", threshold_slowdown);
  health.clocks_event_reasons = gpu.ask<Count>("nvmlDeviceGetCurrentClocksEventReasons");
  if (!health.clocks_event_reasons)  // its name before driver 535
    health.clocks_event_reasons = gpu.ask<Count>("nvmlDeviceGetCurrentClocksThrottleReasons");
  health.is_persistent = gpu.ask_flag("nvmlDeviceGetPersistenceMode");
  health.lost = gpu.lost();
  return health;
}

base::Result<std::vector<Gpu>> read_gpus(const std::string& path) {
  const auto library = Library::open(path);
  if (!library) return std::unexpected(library.error());
  return library->gpus();
}

}  // namespace nvml
