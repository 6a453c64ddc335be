// A stand-in for libnvidia-ml.so.1 with two GPUs, or FAKE_NVML_COUNT. The call named in
// FAKE_NVML_FAILS fails. How the first is, is in the file FAKE_NVML_HEALTH.0, and so on, in the
// form of tests/gpus; what is not there it cannot tell.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace {

int outcome(const char* call) {
  const char* fails = std::getenv("FAKE_NVML_FAILS");
  return fails != nullptr && std::strcmp(fails, call) == 0 ? 9 : 0;
}

std::uintptr_t index_of(void* device) {
  return reinterpret_cast<std::uintptr_t>(device) - 1;
}

constexpr int not_supported = 3;
constexpr int insufficient_size = 7;
constexpr int gpu_is_lost = 15;

/// "yes" is 1 and "no" 0; nothing: there is no such line.
const char* field(void* device, const std::string& name) {
  static std::string value;
  const char* health = std::getenv("FAKE_NVML_HEALTH");
  if (health == nullptr) return nullptr;
  std::ifstream file(std::string(health) + "." + std::to_string(index_of(device)));
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name + ": ", 0) != 0) continue;  // as C++17 has it: cases compile this file
    value = line.substr(name.size() + 2);
    if (value == "yes") value = "1";
    return value == "no" ? "0" : value.c_str();
  }
  return nullptr;
}

template <class Number>
int tell(void* device, const char* name, Number* number) {
  if (field(device, "lost") != nullptr) return gpu_is_lost;
  const char* text = field(device, name);
  if (text == nullptr) return not_supported;
  *number = static_cast<Number>(std::strtoull(text, nullptr, 10));
  return 0;
}

struct Pci {
  char bus_id_legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};

struct Utilization {
  unsigned gpu, memory;
};

struct Memory {
  unsigned long long total, free, used;
};

}  // namespace

extern "C" {

int nvmlInit_v2() {
  return outcome("nvmlInit_v2");
}
int nvmlShutdown() {
  return outcome("nvmlShutdown");
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  const char* wanted = std::getenv("FAKE_NVML_COUNT");
  *count = wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted)) : 2;
  return outcome("nvmlDeviceGetCount_v2");
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = reinterpret_cast<void*>(std::uintptr_t{index} + 1);
  return outcome("nvmlDeviceGetHandleByIndex_v2");
}
int nvmlDeviceGetName(void* /*device*/, char* name, unsigned size) {
  std::snprintf(name, size, "NVIDIA H200");
  return outcome("nvmlDeviceGetName");
}
int nvmlDeviceGetUUID(void* device, char* uuid, unsigned size) {
  std::snprintf(uuid, size, "GPU-fake-%u", static_cast<unsigned>(index_of(device)));
  return outcome("nvmlDeviceGetUUID");
}
int nvmlDeviceGetPciInfo_v3(void* device, Pci* pci) {
  pci->domain = 0;
  pci->bus = index_of(device) == 0 ? 0x65 : 0x18;
  pci->device = 0;
  return outcome("nvmlDeviceGetPciInfo_v3");
}
int nvmlDeviceGetMemoryInfo(void* /*device*/, Memory* memory) {
  memory->total = 141ULL << 30;
  memory->used = 5ULL << 30;
  return outcome("nvmlDeviceGetMemoryInfo");
}
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  *device = reinterpret_cast<void*>(std::uintptr_t{1} + (std::strcmp(uuid, "GPU-fake-1") == 0));
  return std::strncmp(uuid, "GPU-fake-", 9) == 0 ? outcome("nvmlDeviceGetHandleByUUID") : 6;
}
/// The first is busy, the second half so; both idle while the file named in FAKE_NVML_IDLE is
/// there.
int nvmlDeviceGetUtilizationRates(void* device, Utilization* utilization) {
  const char* idle = std::getenv("FAKE_NVML_IDLE");
  *utilization = {0, 0};
  if (idle == nullptr || access(idle, F_OK) != 0)
    *utilization = {index_of(device) == 0 ? 100U : 50U, 10U};
  return outcome("nvmlDeviceGetUtilizationRates");
}
int nvmlDeviceGetTotalEccErrors(void* device, unsigned type, unsigned counter,
                                unsigned long long* n) {
  if (type != 1) return not_supported;
  return tell(device, counter == 0 ? "ecc_volatile" : "ecc_aggregate", n);
}
int nvmlDeviceGetRetiredPages(void* device, unsigned cause, unsigned* n,
                              unsigned long long* /*addresses*/) {
  const int code = tell(device, cause == 0 ? "retired_single_bit" : "retired_double_bit", n);
  return code == 0 && *n > 0 ? insufficient_size : code;
}
int nvmlDeviceGetRetiredPagesPendingStatus(void* device, int* is_pending) {
  return tell(device, "retirement_pending", is_pending);
}
int nvmlDeviceGetRemappedRows(void* device, unsigned* correctable, unsigned* uncorrectable,
                              unsigned* is_pending, unsigned* has_failed) {
  (void)tell(device, "remapped_correctable", correctable);
  (void)tell(device, "remapped_uncorrectable", uncorrectable);
  (void)tell(device, "remap_pending", is_pending);
  return tell(device, "remap_failed", has_failed);
}
int nvmlDeviceGetCurrPcieLinkWidth(void* device, unsigned* n) {
  return tell(device, "link_width", n);
}
int nvmlDeviceGetMaxPcieLinkWidth(void* device, unsigned* n) {
  return tell(device, "link_width_max", n);
}
int nvmlDeviceGetCurrPcieLinkGeneration(void* device, unsigned* n) {
  return tell(device, "link_generation", n);
}
int nvmlDeviceGetMaxPcieLinkGeneration(void* device, unsigned* n) {
  return tell(device, "link_generation_max", n);
}
int nvmlDeviceGetTemperature(void* device, unsigned sensor, unsigned* degrees) {
  return sensor == 0 ? tell(device, "temperature", degrees) : not_supported;
}
int nvmlDeviceGetTemperatureThreshold(void* device, unsigned kind, unsigned* degrees) {
  return kind == 1 ? tell(device, "slowdown_temperature", degrees) : not_supported;
}
/// Only by the name that it had before driver 535.
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* bits) {
  return tell(device, "clocks_event_reasons", bits);
}
int nvmlDeviceGetPersistenceMode(void* device, int* mode) {
  return tell(device, "persistent", mode);
}
}
