#pragma once
// What the program that checks GPUs says on this node (man 1 muster-gpucheck).

#include <string>

#include "lib/base/time.h"
#include "lib/model/doctor_report.h"

namespace doctor {

/// Runs it until it ends, at most for so long; all that is said of GPUs is a line of JSON.
///
/// together    all ranks do so now, and sum up over their nodes
model::GpuChecks check_gpus(const std::string& program, bool together, base::Duration limit);

}  // namespace doctor
