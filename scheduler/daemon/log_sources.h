#pragma once
// Which logs a question about a job means. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/record.h"
#include "scheduler/core/state.h"
#include "scheduler/daemon/log_streams.h"

namespace musterd {

struct LogQuery {
  std::optional<std::uint32_t> attempt;  // default: the last
  std::optional<model::StepId> step;  // default: the script; with a rank, the last step that has it
  std::optional<int> rank;
  std::uint64_t offset = 0;  // in the log's file
  bool follow = false;
  bool map = false;          // where the ranks of the step run, or of the last one
  bool stacks = false;       // of the ranks of the step, or of the last one, if it hung
  bool usage = false;        // what all launches that run have used so far
  bool preparation = false;  // of all nodes, or of one
  std::string node;          // with a preparation
};

/// Are all nodes of its last attempt prepared?
bool is_script_due(const model::JobRecord& job);

/// Errors: not_found for an attempt, a step or a rank that is not there; conflict for a job that
/// has not started; invalid for an offset into several logs.
base::Result<std::vector<LogSource>> log_sources(const model::JobRecord& job, const LogQuery& query,
                                                 const scheduler::State& state);

}  // namespace musterd
