#pragma once
// GPUs as NVIDIA's management library sees them. It comes with the driver, so it is loaded at run
// time and its few functions are declared here (NVML API reference, nvml.h).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/model/gpu_health.h"

namespace nvml {

struct Gpu {
  std::string uuid;  // "GPU-..."
  std::string name;
  std::string pci;  // "0000:65:00.0"
  base::Bytes memory;
  bool operator==(const Gpu&) const = default;
};

/// What a GPU is doing.
struct Activity {
  int busy_percent = 0;  // part of the last sixth of a second to second in which a kernel ran
  base::Bytes memory;    // in use, by whomever
  bool operator==(const Activity&) const = default;
};

constexpr const char* library_name = "libnvidia-ml.so.1";

/// The loaded library, until it is destroyed. Any call may block for as long as the driver does.
class Library {
 public:
  /// errors: not_found without the library, io with NVML's code when it does not answer
  static base::Result<Library> open(const std::string& path = library_name);

  /// errors: io, with the call that failed
  base::Result<std::vector<Gpu>> gpus() const;
  /// errors: io, also for a GPU that cannot tell
  base::Result<Activity> activity(const std::string& uuid) const;
  /// One that is gone, or does not answer, is lost.
  model::GpuHealth health(const std::string& uuid) const;

 private:
  class Calls;
  class Questions;
  explicit Library(std::shared_ptr<const Calls> calls) : calls_(std::move(calls)) {}
  static base::Result<Gpu> read_gpu(const Calls& calls, unsigned index);

  std::shared_ptr<const Calls> calls_;
};

/// As Library::open() and gpus() together.
base::Result<std::vector<Gpu>> read_gpus(const std::string& path = library_name);

}  // namespace nvml
