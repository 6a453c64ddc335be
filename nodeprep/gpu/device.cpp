#include "nodeprep/gpu/device.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace gpucheck {

namespace {

/// As NVML and nvidia-smi write it.
std::string uuid_text(const cudaUUID_t& uuid) {
  std::string text = "GPU";
  for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(uuid.bytes[i])));
    text += digits.data();
  }
  return text;
}

Identity identity_of(int number) {
  cudaDeviceProp properties{};
  need(cudaGetDeviceProperties(&properties, number), "cudaGetDeviceProperties");
  return {number, uuid_text(properties.uuid), properties.name};
}

}  // namespace

void need(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  throw Failure(std::string(call) + ": CUDA says: " + cudaGetErrorString(status) + " (" +
                cudaGetErrorName(status) + ")");
}

void forget_errors() {
  (void)cudaGetLastError();
}

std::vector<Identity> visible_devices() {
  int count = 0;
  need(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  std::vector<Identity> devices;
  for (int i = 0; i < count; ++i) devices.push_back(identity_of(i));
  return devices;
}

void use(const Identity& device) {
  forget_errors();
  need(cudaSetDevice(device.number), "cudaSetDevice");
  int number = -1;
  need(cudaGetDevice(&number), "cudaGetDevice");
  const auto found = identity_of(number);
  if (found.uuid == device.uuid) return;
  throw Failure("cudaSetDevice: found " + found.uuid + " in place of " + device.uuid);
}

void Counter::reset() {
  const Mismatches none{0, ~0ull};
  need(cudaMemcpyAsync(there_.data(), &none, sizeof none, cudaMemcpyHostToDevice, stream_.get()),
       "cudaMemcpyAsync");
  stream_.wait();
}

Mismatches Counter::read() const {
  Mismatches found{};
  need(cudaMemcpyAsync(&found, there_.data(), sizeof found, cudaMemcpyDeviceToHost, stream_.get()),
       "cudaMemcpyAsync");
  stream_.wait();
  return found;
}

Stopwatch::Stopwatch(const Stream& stream) : stream_(stream) {
  need(cudaEventCreate(&begin_), "cudaEventCreate");
  need(cudaEventCreate(&end_), "cudaEventCreate");
}

Stopwatch::~Stopwatch() {
  (void)cudaEventDestroy(begin_);
  (void)cudaEventDestroy(end_);
}

void Stopwatch::start() const {
  need(cudaEventRecord(begin_, stream_.get()), "cudaEventRecord");
}

double Stopwatch::stop_seconds() const {
  need(cudaEventRecord(end_, stream_.get()), "cudaEventRecord");
  need(cudaEventSynchronize(end_), "cudaEventSynchronize");
  float milliseconds = 0;
  need(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
  return static_cast<double>(milliseconds) / 1000;
}

}  // namespace gpucheck
