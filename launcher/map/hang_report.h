#pragma once
// What is kept of a rank when its step hangs, as text for people.

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/time.h"

namespace mapping {

/// Times are those since the start of the ranks.
struct RankReport {
  int rank = 0;
  std::string node;
  bool has_ended = false;
  base::Duration now{};
  base::Duration cpu{};                       // of what lives of it
  std::optional<base::Duration> last_output;  // nullopt: it has written nothing
  std::optional<base::Duration> in_mpi;       // came to its server; nullopt: never
  bool has_finalized = false;
};

/// "rank 2 on n1: 430ms of CPU time, last output 1m before, in MPI 120ms after its start\n".
std::string to_line(const RankReport& report);

/// Threads and frames from what gdb or eu-stack print, without the rest; empty: there are none.
std::string stack_lines(std::string_view printed);

/// The line in which a debugger says why it printed no frames; empty: it printed nothing.
std::string why_no_frames(std::string_view printed);

}  // namespace mapping
