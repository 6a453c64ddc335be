#include "launcher/map/hang_report.h"

#include "lib/base/text.h"

namespace mapping {

std::string to_line(const RankReport& report) {
  std::string line = "rank " + std::to_string(report.rank) + " on " + report.node + ": ";
  if (report.has_ended) {
    line += "has ended";
  } else {
    line += base::to_text(report.cpu) + " of CPU time";
  }
  line += report.last_output
              ? ", last output " + base::to_text(report.now - *report.last_output) + " before"
              : std::string(", no output");
  if (!report.in_mpi) {
    line += ", never called MPI_Init";
  } else {
    line += ", in MPI " + base::to_text(*report.in_mpi) + " after its start";
    if (report.has_finalized) line += ", finalized";
  }
  return line + "\n";
}

std::string stack_lines(std::string_view printed) {
  std::string lines;
  bool has_frames = false;
  for (const auto line : base::split(printed, '\n')) {
    const bool is_frame = line.starts_with('#');
    const bool is_thread = line.starts_with("Thread ") || line.starts_with("TID ");
    if (!is_frame && !is_thread) continue;
    has_frames = has_frames || is_frame;
    lines += (is_frame ? "    " : "  ") + std::string(line) + "\n";
  }
  return has_frames ? lines : std::string();
}

std::string why_no_frames(std::string_view printed) {
  std::string_view last;
  for (const auto line : base::split(printed, '\n')) {
    if (line.find("ptrace") != std::string_view::npos) return std::string(line);
    if (!base::trim(line).empty()) last = line;
  }
  return std::string(last);
}

}  // namespace mapping
