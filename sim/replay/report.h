#pragma once
// The figures of one or several policies, for people and for programs.

#include <span>
#include <string>

#include "sim/replay/metrics.h"

namespace replay {

struct Report {
  std::string policy;
  Figures figures;
};

/// A line for each figure, a column for each policy.
std::string report_table(std::span<const Report> reports);

/// An array with an object for each policy; its fields are in muster-simulate(1).
std::string report_json(std::span<const Report> reports);

}  // namespace replay
