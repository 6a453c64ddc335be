#pragma once
// The JSON of muster-doctor (doctor.proto): its report, and what one node says of itself and of its
// GPUs. Reading: errors: corrupt.

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/model/doctor_report.h"

namespace wire {

std::string to_json(const model::NodeFacts& facts);
base::Result<model::NodeFacts> node_facts_from_json(std::string_view json);

/// A line of muster-gpucheck.
base::Result<model::GpuCheck> gpu_check_from_json(std::string_view json);

std::string to_json(const model::GpuChecks& checks);
base::Result<model::GpuChecks> gpu_checks_from_json(std::string_view json);

std::string to_json(const model::DoctorReport& report);
base::Result<model::DoctorReport> doctor_report_from_json(std::string_view json);

}  // namespace wire
