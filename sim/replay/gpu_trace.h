#pragma once
// Traces of GPU jobs as CSV: the first line names the columns, of which job_id, num_gpu,
// submit_time and duration (both in milliseconds) are needed. This is the format of the simulator
// of Muri (Zhao et al., SIGCOMM 2022).

#include <string_view>

#include "sim/replay/log.h"

namespace replay {

/// Unless `reading` says otherwise the machine has 8 nodes of 8 GPUs; each job has a core for each
/// of its GPUs, and asked for the time that it ran.
/// errors: invalid, with the line
base::Result<Log> read_gpu_trace(std::string_view text, const Reading& reading);

}  // namespace replay
