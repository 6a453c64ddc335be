#include "lib/model/job_state.h"

#include <array>
#include <utility>

#include "lib/base/check.h"

namespace model {

namespace {

constexpr std::array<std::pair<JobState, std::string_view>, 10> job_state_names{
    {{JobState::waiting, "waiting"},
     {JobState::starting, "starting"},
     {JobState::running, "running"},
     {JobState::ending, "ending"},
     {JobState::completed, "completed"},
     {JobState::failed, "failed"},
     {JobState::cancelled, "cancelled"},
     {JobState::timed_out, "timed_out"},
     {JobState::node_lost, "node_lost"},
     {JobState::preempted, "preempted"}}};

}  // namespace

std::string_view to_text(JobState state) {
  for (const auto& [value, name] : job_state_names) {
    if (value == state) return name;
  }
  base::check(false, "every job state has a name");
  return {};
}

std::optional<JobState> job_state_from_text(std::string_view text) {
  for (const auto& [value, name] : job_state_names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

JobState state_of(Ending ending) {
  switch (ending) {
    case Ending::completed:
      return JobState::completed;
    case Ending::failed:
      return JobState::failed;
    case Ending::cancelled:
      return JobState::cancelled;
    case Ending::timed_out:
      return JobState::timed_out;
    case Ending::node_lost:
      return JobState::node_lost;
    case Ending::preempted:
      return JobState::preempted;
  }
  base::check(false, "every ending is a state");
  return JobState::failed;
}

bool is_final(JobState state) {
  return state >= JobState::completed;
}

std::optional<Ending> ending_of(JobState state) {
  for (const auto ending : {Ending::completed, Ending::failed, Ending::cancelled, Ending::timed_out,
                            Ending::node_lost, Ending::preempted}) {
    if (state_of(ending) == state) return ending;
  }
  return std::nullopt;
}

}  // namespace model
