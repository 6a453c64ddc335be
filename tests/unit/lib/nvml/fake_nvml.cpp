// A stand-in for libnvidia-ml.so.1 with two GPUs, or FAKE_NVML_COUNT. The call named
// in FAKE_NVML_FAILS fails.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int outcome(const char* call) {
  const char* fails = std::getenv("FAKE_NVML_FAILS");
  return fails != nullptr && std::strcmp(fails, call) == 0 ? 9 : 0;
}

std::uintptr_t index_of(void* device) {
  return reinterpret_cast<std::uintptr_t>(device) - 1;
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
}
