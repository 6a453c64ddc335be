#pragma once
// What is wrong in what was measured. Thresholds are documented in muster-doctor(1).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/model/doctor_report.h"

namespace doctor {

struct Thresholds {
  int latency_factor = 3;                                         // times the median of all hops
  base::Duration latency_floor = std::chrono::microseconds(300);  // never slow below it
  int bandwidth_divisor = 2;                                      // of the median of all hops
  base::Duration clock_limit = std::chrono::seconds(1);
  base::Bytes least_free{std::uint64_t{1} << 30};
  base::Bytes least_memlock{std::uint64_t{1} << 30};  // where a fabric registers memory
};
constexpr Thresholds thresholds{};

/// Places of measured hops that are slow among those between different machines.
std::vector<std::size_t> slow_hops(const model::DoctorReport& measured);

/// Fills findings and notes from the rest.
void judge(model::DoctorReport& report);

}  // namespace doctor
