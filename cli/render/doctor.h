#pragma once
// The report of `muster doctor` for people.

#include <string>

#include "lib/model/doctor_report.h"

namespace render {

/// Nodes, links, notes, what was found, and the verdict as the last line.
std::string doctor_report(const model::DoctorReport& report);

}  // namespace render
