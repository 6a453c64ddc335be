#pragma once
// What is wrong with the GPUs of the nodes, by what muster-gpucheck measured on them.

#include <cstddef>

#include "lib/model/doctor_report.h"

namespace doctor {

struct GpuThresholds {
  double median_part = 0.8;     // of the median of the GPUs of the same name
  std::size_t least_peers = 3;  // GPUs for a median that says something
  double card_part = 0.4;       // of what the card can do
};
constexpr GpuThresholds gpu_thresholds{};

/// Adds findings and notes.
void judge_gpu_checks(model::DoctorReport& report);

}  // namespace doctor
