#pragma once
// Which nodes `muster doctor` looks at, and why not at the others.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/doctor_report.h"
#include "lib/model/record.h"

namespace request {

struct DoctorWish {
  std::string pool;                // empty: any
  std::vector<std::string> names;  // empty: all
  std::optional<int> count;        // of these, as many; absent: all
  std::string booking;             // whose nodes may be used
  base::Time until;                // when its job has ended at the latest
  bool gpus = false;               // only nodes with GPUs, each for itself
};

struct DoctorNodes {
  std::vector<std::string> chosen;
  std::vector<model::LeftOut> left_out;
  std::vector<model::Finding> findings;  // about nodes that nobody can look at, or only in part
};

/// Nodes that can take work now. Of those asked for by name, also busy ones: they are waited for.
/// errors: not_found for a pool or a node that is not there, unavailable when too few are left
base::Result<DoctorNodes> choose_nodes(const DoctorWish& wish,
                                       std::span<const model::NodeRecord> nodes,
                                       std::span<const model::BookingRecord> bookings);

}  // namespace request
