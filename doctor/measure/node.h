#pragma once
// What a node says of itself: name, folders, limits, binding, libraries, GPUs.

#include <string>

#include "lib/model/doctor_report.h"

namespace doctor {

/// Of this machine and process. Takes some seconds at most where name servers do not answer.
model::NodeFacts facts_of_node();

/// The same for all processes of a machine, until it starts again.
std::string machine_id();

}  // namespace doctor
