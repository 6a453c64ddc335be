#pragma once
// A line of JSON for each GPU: GpuCheck of lib/wire/doctor.proto.

#include <string>

#include "lib/model/gpu_check.h"

namespace gpucheck {

std::string json_of(const model::GpuCheck& gpu);

}  // namespace gpucheck
