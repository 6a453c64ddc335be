#pragma once
// The state of a job in one word, as people see it.

#include <optional>
#include <string_view>

#include "lib/model/outcome.h"

namespace model {

enum class JobState {
  waiting,
  starting,
  running,
  ending,
  completed,
  failed,
  cancelled,
  timed_out,
  node_lost,
  preempted
};

std::string_view to_text(JobState state);
std::optional<JobState> job_state_from_text(std::string_view text);
JobState state_of(Ending ending);
bool is_final(JobState state);

/// The ending that makes a final state; nullopt for the others.
std::optional<Ending> ending_of(JobState state);

}  // namespace model
