#pragma once
// A schedule as a picture: utilization and queued jobs over time, in SVG.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/replay/attempts.h"
#include "sim/replay/workload.h"

namespace replay {

/// One policy's schedule.
struct Curve {
  std::string name;
  std::vector<Span> attempts;  // all, in order of their ends
};

/// Each curve has a line in both panels. A line has at most 300 points, each a mean over its share
/// of the time from the first submission to the last end. The workload has a job at least.
std::string chart_svg(const Workload& workload, std::span<const Curve> curves,
                      std::string_view title);

/// `text` as it may stand in XML.
std::string xml_text(std::string_view text);

}  // namespace replay
